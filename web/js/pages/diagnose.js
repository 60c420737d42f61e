/** The self-test. */

import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";
import { SelfTest } from "./diagnose/self-test.js";

open({
  title: "diagnose.title",
  content: () => html`<${SelfTest} />`,
});
