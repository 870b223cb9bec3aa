"""A Hugging Face hub on loopback, as its own client knows it: routes, headers, redirects."""

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

from werkzeug import Response

from tests.data.web import answering

BOT, TITLE = "SFconvertbot", "Adding `safetensors` variant of this model"
LARGE = ".safetensors", ".h5", ".bin"


def commit_of(name: str, revision: str) -> str:
    return hashlib.sha1(f"{name} {revision}".encode()).hexdigest()


class Hub:
    """Repositories by name; each has folders by revision, and discussions as the API lists them."""

    def __init__(self):
        self.repositories: dict[str, dict[str, Path]] = {}
        self.discussions: dict[str, list[dict]] = {}
        self.asked: list[str] = []

    def add(self, name: str, main: Path, offers: dict[int, Path] | None = None, **offered) -> None:
        offers = offers or {}
        revisions = {f"refs/pr/{number}": folder for number, folder in offers.items()}
        self.repositories[name] = {"main": main} | revisions
        self.discussions[name] = [discussion(name, number, **offered) for number in offers]

    def __call__(self, request) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        path = request.path.strip("/")
        if not path:
            return Response("hub")
        if path.startswith("cdn/"):
            return self._file(path.removeprefix("cdn/"), redirects=False)
        for name in self.repositories:
            if path == f"api/models/{name}/discussions":
                return json_of(self._discussions(name, request.args))
            if path.startswith(f"api/models/{name}/revision/"):
                return self._about(name, path.rpartition(f"{name}/revision/")[2])
            if path.startswith(f"{name}/resolve/"):
                return self._file(path, redirects=True)
        return refused("RepoNotFound" if "/tree/" not in path else "EntryNotFound")

    def _discussions(self, name: str, args) -> dict:
        every = args.get("type") != "pull_request"
        found = [each for each in self.discussions[name] if every or each["isPullRequest"]]
        return {"count": len(found), "start": 0, "discussions": found}

    def _folder(self, name: str, revision: str) -> tuple[Path | None, str]:
        for known, folder in self.repositories[name].items():
            if revision in (known, commit_of(name, known)):
                return folder, commit_of(name, known)
        return None, ""

    def _about(self, name: str, revision: str) -> Response:
        folder, commit = self._folder(name, revision)
        if folder is None:
            return refused("RevisionNotFound")
        files = [{"rfilename": path.name} for path in sorted(folder.iterdir())]
        return json_of({"id": name, "modelId": name, "sha": commit, "siblings": files, "tags": []})

    def _file(self, path: str, redirects: bool) -> Response:
        name, _, rest = path.partition("/resolve/")
        revision = next(r for r in self._revisions(name) if rest.startswith(f"{r}/"))
        folder, commit = self._folder(name, revision)
        file = folder / rest.removeprefix(f"{revision}/")
        if not file.is_file():
            return refused("EntryNotFound", {"X-Repo-Commit": commit})
        content = file.read_bytes()
        is_large = file.suffix in LARGE
        known = hashlib.sha256(content) if is_large else hashlib.sha1(blob_of(content))
        etag = f'"{known.hexdigest()}"'
        headers = {"X-Repo-Commit": commit, "ETag": etag, "Accept-Ranges": "bytes"}
        if redirects and is_large:
            size = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": etag}
            return Response(status=302, headers=headers | size | {"Location": f"/cdn/{path}"})
        return Response(content, headers=headers)

    def _revisions(self, name: str) -> list[str]:
        known = list(self.repositories[name])
        return [*known, *(commit_of(name, each) for each in known)]


def blob_of(content: bytes) -> bytes:
    """Return what git takes the hash of."""
    return b"blob %d\0" % len(content) + content


def discussion(name, number, author=BOT, title=TITLE, status="open", is_pull=True) -> dict:
    return {
        "title": title,
        "num": number,
        "author": {"name": author},
        "createdAt": "2023-03-01T00:00:00.000Z",
        "status": status,
        "repo": {"name": name, "type": "model"},
        "isPullRequest": is_pull,
    }


def json_of(content: dict) -> Response:
    return Response(json.dumps(content), mimetype="application/json")


def refused(code: str, headers: dict | None = None) -> Response:
    return Response(code, 404, {"X-Error-Code": code, "X-Error-Message": code} | (headers or {}))


@contextmanager
def serving(hub: Hub):
    """Serve the hub; yields its address, for HF_ENDPOINT."""
    with answering(hub) as url:
        yield url
