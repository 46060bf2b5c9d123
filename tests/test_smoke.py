from api import Api, sha256

def test_image(api):
    body = api.push_image("team/app", "v1", layers=(b"hello",))
    got = api("GET", "/v2/team/app/manifests/v1")
    assert got.body == body and got.headers["Docker-Content-Digest"] == sha256(body)
    up = api.start_upload("team/app")
    assert up.patch(b"hello", at=0).status == 202
    a = up.patch(b"world", at=6)
    assert (a.status, a.headers["Range"]) == (416, "0-4")
    assert up.patch(b"world", at=5).headers["Range"] == "0-9"
    assert up.put(b"", sha256(b"helloworld")).status == 201
    assert api("GET", "/v2/team/app/tags/list").json == {"name": "team/app", "tags": ["v1"]}
