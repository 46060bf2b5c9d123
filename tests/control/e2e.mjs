// A test of a client in JavaScript: everything that it needs of the registry it asks of the admin API, with fetch.
// FAKEREG_URL says where the registry is.
import assert from "node:assert/strict";

const url = process.env.FAKEREG_URL;

async function admin(method, path, body) {
  const options = { method, headers: { "Content-Type": "application/json" } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(`${url}/_fakereg/v1/${path}`, options);
  const text = await answer.text();
  const document = text ? JSON.parse(text) : null;
  if (!answer.ok) throw Object.assign(new Error(document.detail), { problem: document });
  return document;
}

const statusOf = async (path, options) => {
  const answer = await fetch(url + path, options);
  await answer.arrayBuffer();
  return answer.status;
};

// There is a registry, and it is empty.
const health = await (await fetch(`${url}/_fakereg/health`)).json();
assert.equal(health.status, "ok");
await admin("POST", "reset");

// Seed an image.
const image = await admin("POST", "seed", { image: "team/app:v1", layers: [{ "etc/motd": "hi" }] });
assert.match(image.digest, /^sha256:[0-9a-f]{64}$/);
const manifest = "/v2/team/app/manifests/v1";

// Arm a fault, and see it: refused twice, then fine.
const fault = await admin("POST", "faults", {
  fault: "Respond", status: 429, retry_after: 1, on: "get_manifest", times: 2,
});
const refused = await fetch(url + manifest);
assert.equal(refused.status, 429);
assert.equal(refused.headers.get("retry-after"), "1");
assert.equal((await refused.json()).errors[0].code, "TOOMANYREQUESTS");
assert.deepEqual([await statusOf(manifest), await statusOf(manifest)], [429, 200]);
const fired = await admin("GET", `faults/${fault.id}`);
assert.deepEqual([fired.fired, fired.requests], [2, [1, 2]]);
assert.deepEqual((await admin("DELETE", "faults?must_fire=true")).faults.map((one) => one.fired), [2]);
const unused = await admin("POST", "faults", { fault: "Respond", status: 503, on: "put_manifest" });
await assert.rejects(admin("DELETE", `faults/${unused.id}?must_fire=true`), (error) => {
  assert.equal(error.problem.status, 409);
  assert.match(error.message, /^the fault never fired: Respond\(503\) on put_manifest, as no request arrived while it was armed/);
  return true;
});
assert.deepEqual(await admin("GET", "faults"), { faults: [] });

// Assert on the journal: what holds, and what does not, in words; and wait for what is still to come.
assert.deepEqual(await admin("POST", "journal/assert", { method: "GET", path: manifest, times: 3 }), { seen: 3 });
await assert.rejects(admin("POST", "journal/assert", { method: "PUT" }), (error) => {
  assert.equal(error.problem.type, "/_fakereg/v1/problems#assertion-failed");
  assert.match(error.message, /^no PUT was seen; the nearest of 3 requests:/);
  return true;
});
await admin("POST", "journal/assert", { assert: "pulled", image: "team/app:v1" });
await assert.rejects(admin("POST", "journal/assert", { assert: "pulled", image: "team/app:v1", whole: true }), (error) => {
  assert.match(error.message, /^the manifest of team\/app:v1 was pulled, and 2 blobs of it not:/);
  return true;
});
const [seen] = await Promise.all([admin("GET", "journal?wait=10&endpoint=list_tags"), statusOf("/v2/team/app/tags/list")]);
assert.deepEqual(seen.requests.map((one) => one.target), ["/v2/team/app/tags/list"]);

// A snapshot; then push over the real API, and go back.
await admin("POST", "snapshots", { id: "seeded" });
const body = await (await fetch(url + manifest)).arrayBuffer();
const headers = { "Content-Type": "application/vnd.oci.image.manifest.v1+json" };
assert.equal(await statusOf("/v2/team/app/manifests/v2", { method: "PUT", headers, body }), 201);
await admin("POST", "journal/assert", { assert: "pushed", image: "team/app:v2" });
await admin("POST", "journal/assert", { assert: "order", steps: ["get_manifest", { method: "PUT", status: 201 }] });
assert.deepEqual((await admin("GET", "snapshots/seeded/diff")).pushed, ["team/app:v2"]);
await admin("POST", "snapshots/seeded/restore");
assert.equal(await statusOf("/v2/team/app/manifests/v2"), 404);

// An upload expires once the clock is an hour further.
const upload = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
const session = new URL(upload.headers.get("location")).pathname;
assert.equal(await statusOf(session), 204);
await admin("POST", "clock/advance", { seconds: 3601 });
assert.equal(await statusOf(session), 404);

// Export, lose everything, load.
const archive = await (await fetch(`${url}/_fakereg/v1/export`)).arrayBuffer();
await admin("POST", "reset");
assert.equal(await statusOf(manifest), 404);
const loaded = await fetch(`${url}/_fakereg/v1/load`, {
  method: "POST", headers: { "Content-Type": "application/x-tar" }, body: archive,
});
assert.deepEqual(await loaded.json(), { references: ["team/app:v1"] });
assert.equal((await admin("GET", "repositories/team/app")).tags.v1, image.digest);

// What is wrong with a request is told by field.
await assert.rejects(admin("POST", "clock/advance", { seconds: "60" }), (error) => {
  assert.deepEqual(error.problem.errors, [{ field: "seconds", message: 'takes a number, 0 or more, got "60"' }]);
  return true;
});

console.log("passed");
