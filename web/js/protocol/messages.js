/** What the server tells, as types; `docs/PROTOCOL.md` says what each means. */

/**
 * @typedef {object} Trouble
 * @property {string} code
 * @property {string} message
 * @property {string | null} detail
 * @property {number | null} retry_after_s
 */

/**
 * Anything that the server says; which fields are there depends on `type`.
 *
 * @typedef {{type: string, re?: number, error?: Trouble} & Record<string, any>} Told
 */

/**
 * @typedef {object} Welcome
 * @property {string} identity
 * @property {string} name
 * @property {number} heartbeat_s
 * @property {string} resume the secret by which another socket takes over
 * @property {string[]} resumed connections that go on
 * @property {CallStanding[]} calls
 */

/**
 * @typedef {object} CallStanding
 * @property {string} call
 * @property {string} room
 * @property {string} medium
 * @property {string} caller
 * @property {string} state
 */

/**
 * @typedef {object} Member
 * @property {string} identity
 * @property {string} name
 * @property {string} role
 * @property {string[]} silenced
 */

/**
 * @typedef {object} Present
 * @property {string} identity
 * @property {string} name
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {boolean} [hand]
 */

/**
 * @typedef {object} Rights
 * @property {string[]} [publish]
 * @property {boolean} [subscribe]
 * @property {boolean} [chat]
 * @property {boolean} [moderate]
 * @property {boolean} [observe_risk]
 */

/**
 * How a room is with looking at people; `seen_by` is `operators`, `hosts` or `everybody`.
 *
 * @typedef {object} DetectionHere
 * @property {boolean} runs
 * @property {string} seen_by
 * @property {boolean} own_seen
 * @property {boolean} consent_required
 * @property {boolean} encrypted
 * @property {string} version of the text that one agrees to
 * @property {boolean} consented
 */

/**
 * @typedef {object} Snapshot
 * @property {string} room
 * @property {number} sequence
 * @property {number} after
 * @property {Rights} may
 * @property {Member[]} members
 * @property {Present[]} present
 * @property {Record<string, any> | null} call
 * @property {DetectionHere | null} [detection]
 */

/**
 * @typedef {object} RoomEvent
 * @property {string} room
 * @property {number} sequence
 * @property {string} kind
 * @property {string} actor
 * @property {string} at
 * @property {Record<string, any>} body
 */

/**
 * @typedef {object} Section
 * @property {string} mid
 * @property {string} identity
 * @property {string} source
 * @property {"audio" | "video"} kind
 * @property {string} codec
 */

/**
 * @typedef {object} Offer
 * @property {string} media
 * @property {string} sdp
 * @property {Section[]} sections
 */

export {};
