/**
 * Who is in the room and what of them is sent, told by snapshots and events.  Pure.
 *
 * People keep their places: whoever was there before stands before whoever came later.
 */

/** @typedef {import("../protocol/messages.js").Snapshot} Snapshot */
/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */

/**
 * @typedef {object} Person
 * @property {string} identity
 * @property {string} name
 * @property {string} role empty for somebody who does not belong to the room
 * @property {readonly string[]} silenced what is not forwarded of them
 * @property {boolean} present
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {boolean} hand
 */

/** @typedef {ReadonlyMap<string, Person>} Roster by identity, in the order of their coming */

/** @type {Roster} */
export const NOBODY = new Map();

const ABSENT = { present: false, microphone: false, camera: false, screen: false, hand: false };

/** @param {string} identity @returns {Person} */
const stranger = (identity) => ({ identity, name: identity, role: "", silenced: [], ...ABSENT });

/**
 * @param {Roster} before
 * @param {Snapshot} snapshot
 * @returns {Roster}
 */
export function settled(before, snapshot) {
  /** @type {Map<string, Person>} */
  const found = new Map();
  for (const { identity, name, role, silenced } of snapshot.members) {
    found.set(identity, { ...stranger(identity), name, role, silenced });
  }
  for (const { identity, name, microphone, camera, screen, hand = false } of snapshot.present) {
    const known = found.get(identity) ?? stranger(identity);
    found.set(identity, { ...known, name, present: true, microphone, camera, screen, hand });
  }
  const order = [...new Set([...before.keys(), ...found.keys()])];
  return new Map(order.flatMap((identity) => {
    const person = found.get(identity);
    return person === undefined ? [] : [[identity, person]];
  }));
}

/**
 * @param {Roster} before
 * @param {RoomEvent} event
 * @returns {Roster} the same if the event says nothing of people
 */
export function after(before, event) {
  const change = CHANGES[event.kind];
  if (change === undefined) return before;
  const identity = String(event.body.user ?? event.actor);
  const known = before.get(identity) ?? stranger(identity);
  const person = change(known, event.body);
  const found = new Map(before);
  // Whoever comes back comes last: their old place is another's by now.
  if (person === null || (person.present && !known.present)) found.delete(identity);
  if (person !== null) found.set(identity, person);
  return found;
}

/** @type {Readonly<Record<string, (known: Person, body: Record<string, any>) => Person | null>>} */
const CHANGES = {
  "person.arrived": (known, body) => ({ ...known, name: body.name ?? known.name, present: true }),
  "person.left": (known) => ({ ...known, ...ABSENT }),
  "media.state": (known, body) => ({
    ...known,
    present: true,
    microphone: body.microphone === true,
    camera: body.camera === true,
    screen: body.screen === true,
    hand: body.hand === true,
  }),
  "member.joined": (known, body) => ({ ...known, role: body.role }),
  "member.role": (known, body) => ({ ...known, role: body.role }),
  "member.silenced": (known, body) => ({ ...known, silenced: body.sources }),
  "member.left": () => null,
};

/** @param {Roster} roster @returns {Person[]} */
export const presentIn = (roster) => [...roster.values()].filter((one) => one.present);
