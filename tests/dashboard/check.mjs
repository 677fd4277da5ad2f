// The smallest test runner that does: named checks one after the other, each with a time limit.

let passed = 0;
let failed = 0;

/** Runs one check; what it throws is its failure. */
export async function check(name, run) {
  const begun = Date.now();
  try {
    await run();
    passed += 1;
    console.log(`ok      ${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.message ?? error).split("\n").join("\n        ")}`);
  }
}

/** Throws `what` if it is not so. */
export function must(so, what) {
  if (!so) throw new Error(what);
}

/** Waits until `so()` is true. */
export async function until(so, what, limitMs) {
  const end = Date.now() + limitMs;
  while (!(await so())) {
    must(Date.now() < end, `not within ${limitMs / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Prints the counts; gives back the exit code. */
export function summary() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
