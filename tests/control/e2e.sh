#!/bin/sh
# A test of a client in shell: everything that it needs of the registry it asks of the admin API, with curl.
# FAKEREG_URL says where the registry is, the first argument is a folder for files.
set -eu
admin=$FAKEREG_URL/_fakereg/v1
folder=$1

fail() { echo "FAILED: $*" >&2; exit 1; }
same() { [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"; }
ask() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }
# The text under a key of a JSON object, the first of this name.
text() { sed -n "s/^[^\"]*\"\(.*\)\$/\1/; s/.*\"\{0,1\}$1\": \"\([^\"]*\)\".*/\1/p" | head -n 1; }

# There is a registry, and it is empty.
ask "$FAKEREG_URL/_fakereg/health" | grep -q '"status": "ok"' || fail "it is not healthy"
ask -X POST "$admin/reset"

# Seed an image.
seeded=$(ask "$admin/seed" -d '{"image": "team/app:v1", "layers": [{"etc/motd": "hi"}]}')
digest=$(echo "$seeded" | text digest)
case $digest in sha256:*) ;; *) fail "no digest in $seeded" ;; esac
manifest=$FAKEREG_URL/v2/team/app/manifests/v1

# Arm a fault, and see it: refused twice, then fine.
fault=$(ask "$admin/faults" -d '{"fault": "Respond", "status": 429, "retry_after": 1, "on": "get_manifest", "times": 2}')
id=$(echo "$fault" | sed 's/^{"id": "\([^"]*\)".*/\1/')
same "first" 429 "$(status "$manifest")"
curl --silent --dump-header - --output /dev/null "$manifest" | tr -d '\r' | grep -qx 'Retry-After: 1' || fail "no Retry-After"
same "third" 200 "$(status "$manifest")"
ask "$admin/faults/$id" | grep -q '"fired": 2' || fail "it did not fire twice"
ask -X DELETE "$admin/faults/$id?must_fire=true" | grep -q '"fired": 2' || fail "it is not told what it did"
unused=$(ask "$admin/faults" -d '{"fault": "Respond", "status": 503, "on": "put_manifest"}' | sed 's/^{"id": "\([^"]*\)".*/\1/')
problem=$(ask -X DELETE "$admin/faults/$unused?must_fire=true" 2> /dev/null) && fail "a fault that never fired is no problem"
echo "$problem" | grep -q 'the fault never fired: Respond(503) on put_manifest' || fail "no reason in $problem"
same "no fault is left" '{"faults": []}' "$(ask "$admin/faults")"

# Assert on the journal: what holds, and what does not, in words.
ask "$admin/journal/assert" -d '{"method": "GET", "path": "/v2/team/app/manifests/v1", "times": 3}' > /dev/null
problem=$(ask "$admin/journal/assert" -d '{"method": "PUT"}' 2> /dev/null) && fail "it was asserted that a PUT was seen"
echo "$problem" | grep -q 'no PUT was seen; the nearest of 3 requests' || fail "no near miss in $problem"
ask "$admin/journal/assert" -d '{"assert": "pulled", "image": "team/app:v1"}' > /dev/null
problem=$(ask "$admin/journal/assert" -d '{"assert": "pushed", "image": "team/app:v1"}' 2> /dev/null) && fail "nobody pushed v1"
echo "$problem" | grep -q 'team/app:v1 was not pushed; the nearest of 3 requests' || fail "no near miss in $problem"
same "waiting" 200 "$(status "$admin/journal?wait=5&times=3&endpoint=get_manifest")"
ask "$admin/journal?format=curl&status=429" > "$folder/again.sh"
grep -q 'Respond(429' "$folder/again.sh" || fail "the script does not tell of the fault"

# A snapshot; then push over the real API, and go back.
ask "$admin/snapshots" -d '{"id": "seeded"}' > /dev/null
curl --silent --show-error --fail "$manifest" > "$folder/manifest"
same "push" 201 "$(status -X PUT --data-binary @"$folder/manifest" \
  -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' "$FAKEREG_URL/v2/team/app/manifests/v2")"
ask "$admin/journal/assert" -d '{"assert": "pushed", "image": "team/app:v2"}' > /dev/null
ask "$admin/snapshots/seeded/diff" | grep -q '"pushed": \["team/app:v2"\]' || fail "the diff does not tell of v2"
ask -X POST "$admin/snapshots/seeded/restore"
same "restored" 404 "$(status "$FAKEREG_URL/v2/team/app/manifests/v2")"

# An upload expires once the clock is an hour further.
upload=$(curl --silent --dump-header - -X POST "$FAKEREG_URL/v2/team/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
same "open upload" 204 "$(status "$upload")"
ask "$admin/clock/advance" -d '{"seconds": 3601}' > /dev/null
same "expired upload" 404 "$(status "$upload")"

# Export, lose everything, load.
curl --silent --show-error --fail "$admin/export?gzip=true" > "$folder/all.tar.gz"
ask -X POST "$admin/reset"
same "lost" 404 "$(status "$manifest")"
curl --silent --show-error --fail -H 'Content-Type: application/gzip' --data-binary @"$folder/all.tar.gz" "$admin/load" > /dev/null
ask "$admin/repositories/team/app" | grep -q "\"v1\": \"$digest\"" || fail "it is not the same image"

echo passed
