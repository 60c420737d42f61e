/**
 * Talks to the server: JSON there, JSON back, the session's cookie with it.
 *
 * Knows nothing of pages.  Whatever goes wrong is an ApiError with a code that the texts have a
 * sentence for; a server that cannot be reached at all is one of them.
 */

/** The code for a server that did not answer; the only one that the server does not send. */
export const UNREACHABLE = "unreachable";

// A lost answer is usually a moment's trouble of the line; longer ones are for the person to see.
const RETRY_AFTER_MS = 400;

/** What the server, or the line to it, had against a request. */
export class ApiError extends Error {
  /**
   * @param {string} code of the table in signaling/errors.py, or UNREACHABLE
   * @param {string} message the server's own sentence
   * @param {string | null} detail which field, which rule
   * @param {number} status 0 when there was no answer
   * @param {number | null} retryAfterSeconds
   */
  constructor(code, message, detail = null, status = 0, retryAfterSeconds = null) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What to ask for, behind the `?`; what is empty is left out. @param {Record<string, string | undefined>} values */
export const queryOf = (values) =>
  new URLSearchParams(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : []))).toString();

/**
 * @template Result
 * @param {string} path
 * @returns {Promise<Result>}
 */
export const get = (path) => call("GET", path);

/**
 * @template Result
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Result>}
 */
export const post = (path, body = {}) => call("POST", path, body);

/**
 * @template Result
 * @param {string} path
 * @param {object} body
 * @returns {Promise<Result>}
 */
export const patch = (path, body) => call("PATCH", path, body);

/**
 * @template Result
 * @param {string} path
 * @param {object | Blob} body
 * @returns {Promise<Result>}
 */
export const put = (path, body) => call("PUT", path, body);

/**
 * @param {string} path
 * @returns {Promise<void>}
 */
export const remove = (path) => call("DELETE", path);

/**
 * One request; rejects with ApiError only.
 *
 * A POST carries an idempotency key, so it is sent a second time when its answer was lost, and
 * still happens once.
 *
 * @template Result
 * @param {string} method
 * @param {string} path
 * @param {object | Blob} [body] JSON, or a Blob as it is
 * @returns {Promise<Result>}
 */
async function call(method, path, body) {
  const request = described(method, body);
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    await pause(RETRY_AFTER_MS);
    response = await fetch(path, request).catch(() => {
      throw new ApiError(UNREACHABLE, "The server does not answer.");
    });
  }
  return understood(response);
}

/**
 * @param {string} method
 * @param {object | Blob | undefined} body
 * @returns {RequestInit}
 */
function described(method, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method === "POST") headers["Idempotency-Key"] = newKey();
  if (body === undefined) return { method, headers, credentials: "same-origin" };
  const isBlob = body instanceof Blob;
  headers["Content-Type"] = isBlob ? body.type : "application/json";
  return {
    method,
    headers,
    credentials: "same-origin",
    body: isBlob ? body : JSON.stringify(body),
  };
}

/**
 * @template Result
 * @param {Response} response
 * @returns {Promise<Result>}
 */
async function understood(response) {
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return /** @type {Result} */ (undefined);
  return response.json().catch(() => {
    throw new ApiError("internal", "The answer is not JSON.", null, response.status);
  });
}

/**
 * @param {Response} response
 * @returns {Promise<ApiError>}
 */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  const error = body?.error ?? { code: "internal", message: response.statusText, detail: null };
  const header = response.headers.get("Retry-After");
  const seconds = header === null ? null : Number.parseInt(header, 10);
  return new ApiError(error.code, error.message, error.detail, response.status, seconds);
}

/** 128 random bits; `randomUUID` is missing on pages that did not come by HTTPS. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
