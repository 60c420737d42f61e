/** Where things are found: the pages and the API, each address written once. */

export const pages = {
  entry: "/",
  login: "/login",
  register: "/register",
  me: "/me",
  diagnose: "/diagnose",
  console: "/console",
  match: "/match",
  heartLink: "/heart-link",
  apiDescription: "/api/v1/docs",
};

/** @param {string} room */
export const callPage = (room) => `/call/${encodeURIComponent(room)}`;

/** @param {string} room */
export const chatPage = (room) => `/chat/${encodeURIComponent(room)}`;

/** @param {string} code */
export const invitationPage = (code) => `/i/${encodeURIComponent(code)}`;

export const api = {
  register: "/api/v1/auth/register",
  login: "/api/v1/auth/login",
  guest: "/api/v1/auth/guest",
  logout: "/api/v1/auth/logout",
  password: "/api/v1/auth/password",
  sessions: "/api/v1/auth/sessions",
  whoAmI: "/api/v1/who-am-i",
  me: "/api/v1/me",
  avatar: "/api/v1/me/avatar",
  presence: "/api/v1/me/presence",
  authenticator: "/api/v1/me/authenticator",
  passkeys: "/api/v1/me/passkeys",
  enrolment: "/api/v1/me/enrolment",
  people: "/api/v1/people",
  rooms: "/api/v1/rooms",
  callsStart: "/api/v1/calls/start",
  callsEnd: "/api/v1/calls/end",
  callsActive: "/api/v1/calls/active",
  allCalls: "/api/v1/operators/calls",
  allRooms: "/api/v1/operators/rooms",
  load: "/api/v1/operators/load",
  roomTitles: "/api/v1/operators/room-titles",
  allMoved: "/api/v1/operators/waiting",
  alerts: "/api/v1/alerts",
  scores: "/api/v1/scores",
  captures: "/api/v1/captures",
  thresholds: "/api/v1/detection/thresholds",
  users: "/api/v1/users",
  audit: "/api/v1/audit",
  metrics: "/metrics",
  conversations: "/api/v1/chat/conversations",
  messages: "/api/v1/chat/messages",
  search: "/api/v1/chat/search",
  blocks: "/api/v1/chat/blocks",
  reports: "/api/v1/chat/reports",
  files: "/api/v1/files",
  numberMatch: "/api/v1/matches/number",
  heartLink: "/api/v1/matches/heart-link",
  socket: "/ws",
  readiness: "/readyz",
};

/** @param {string} id */
export const sessionAddress = (id) => `${api.sessions}/${encodeURIComponent(id)}`;

/** @param {string} id */
export const passkeyAddress = (id) => `${api.passkeys}/${encodeURIComponent(id)}`;

/** @param {string} id */
export const personAddress = (id) => `${api.people}/${encodeURIComponent(id)}`;

/** @param {string} id */
export const roomAddress = (id) => `${api.rooms}/${encodeURIComponent(id)}`;

/** @param {string} room */
export const roomFilesAddress = (room) => `${roomAddress(room)}/files`;

/** @param {string} file @param {"" | "/finish"} [part] */
export const fileAddress = (file, part = "") => `${api.files}/${encodeURIComponent(file)}${part}`;

/** @param {string} room */
export const invitationsAddress = (room) => `${roomAddress(room)}/invitations`;

/** @param {string} room @param {string} user */
export const memberAddress = (room, user) =>
  `${roomAddress(room)}/members/${encodeURIComponent(user)}`;

/** @param {string} call @param {"accept" | "decline" | "leave" | "challenges" | "proofs" | "risk"} act */
export const callAddress = (call, act) => `/api/v1/calls/${encodeURIComponent(call)}/${act}`;

/**
 * @param {string} room
 * @param {"messages" | "positions" | "rules" | "pins" | "export"} part
 */
export const chatAddress = (room, part) => `/api/v1/chat/rooms/${encodeURIComponent(room)}/${part}`;

/** @param {string} message @param {"" | "/readers" | "/edits" | "/report" | "/forward"} [part] */
export const messageAddress = (message, part = "") => `${api.messages}/${encodeURIComponent(message)}${part}`;

/** @param {string} user */
export const blockAddress = (user) => `${api.blocks}/${encodeURIComponent(user)}`;

/** @param {string} id */
export const alertAddress = (id) => `${api.alerts}/${encodeURIComponent(id)}`;

/** @param {string} id */
export const userAddress = (id) => `${api.users}/${encodeURIComponent(id)}`;

/** @param {string} code */
export const invitationAddress = (code) => `/api/v1/invitations/${encodeURIComponent(code)}`;

/**
 * The page to go to after signing in: only ever one of this site.
 *
 * @param {string | null} wanted the `next` of the query
 * @param {string} origin this site's
 * @returns {string} a path; the entry for anything that leads elsewhere
 */
export function safeNext(wanted, origin) {
  if (wanted === null || !wanted.startsWith("/")) return pages.entry;
  try {
    const target = new URL(wanted, origin);
    return target.origin === origin ? target.pathname + target.search : pages.entry;
  } catch {
    return pages.entry;
  }
}

/**
 * @param {string} page
 * @param {string} next where to come back to
 */
export const withNext = (page, next) => `${page}?next=${encodeURIComponent(next)}`;
