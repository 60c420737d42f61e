/** Does nothing: a browser takes it only by a certificate that it trusts, and that is the question. */
