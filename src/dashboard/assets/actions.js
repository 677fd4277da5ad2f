// What a person changes: requests to the controller, and what came of them.

const PERSON_KEY = "takt.person";

/** Who works at this screen. */
export function person() {
  return localStorage.getItem(PERSON_KEY) ?? "dashboard";
}

export function setPerson(name) {
  localStorage.setItem(PERSON_KEY, name);
}

/** A refusal: what is wrong as a whole, and with which fields. */
export class Refused extends Error {
  constructor(code, problem, fields = []) {
    super(problem);
    this.code = code;
    this.fields = fields;
  }
}

/** Asks for a change; throws `Refused`. */
async function post(path, body = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ person: person(), ...body }),
      signal: AbortSignal.timeout(15000),
    });
  } catch (error) {
    throw new Refused("no_answer", error.message);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said.code ?? "error", said.problem ?? answer.statusText, said.fields ?? []);
  return said;
}

export const submitOrder = (order) => post("/api/orders", order);
export const cancelOrder = (id) => post(`/api/orders/${id}/cancel`);
export const pauseVehicle = (name, paused) =>
  post(`/api/vehicles/${encodeURIComponent(name)}/${paused ? "pause" : "resume"}`);
export const pauseFloor = (paused) => post(`/api/floor/${paused ? "pause" : "resume"}`);
