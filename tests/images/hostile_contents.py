"""Layouts and docker-archives that are refused for what is in them, and directories that are no layouts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from api import sha256
from hostile_case import LIFT, case
from layouts import BARE, blob_path, entry, write_layout
from tars import CONFIG, CONFIG_NAME, DIRECTORY, OTHER, blob, docker, docker_image, files, index, layout, member, tar

from fakereg.images.limits import Limits


def archived(**changed: bytes | None) -> bytes:
    return tar(files(layout(**changed)))


def with_files(**changed: bytes) -> bytes:
    return tar(files({**layout(), **changed}))


DEEP = b"[" * 200_000 + b"]" * 200_000

LAYOUTS = [
    case(
        "directory in an archive in place of a file",
        tar(files(layout(index=None)), member("index.json", kind=DIRECTORY)),
        "@: index.json: is a directory, where a file should be",
        "tarball.py",
        "if content is None and name in self.entries:",
        "if False:",
    ),
    case(
        "marker that is no object",
        archived(marker=b"[]"),
        '@: oci-layout: expected a JSON object with "imageLayoutVersion"',
        "layout.py",
        'if not isinstance(document, dict) or "imageLayoutVersion" not in document:',
        'if isinstance(document, dict) and "imageLayoutVersion" not in document:',
    ),
    case(
        "marker without a version",
        archived(marker=b"{}"),
        '@: oci-layout: expected a JSON object with "imageLayoutVersion"',
        "layout.py",
        'if not isinstance(document, dict) or "imageLayoutVersion" not in document:',
        "if not isinstance(document, dict):",
    ),
    case(
        "marker of another version",
        archived(marker=b'{"imageLayoutVersion": "2.0.0"}'),
        "@: oci-layout: imageLayoutVersion must be '1.0.0', got '2.0.0'",
        "layout.py",
        "if version != VERSION:",
        "if False:",
    ),
    case(
        "no index",
        archived(index=None),
        "@: index.json: no such file",
        "layout.py",
        'raise LayoutError(self.index, "no such file")',
        "return ()",
    ),
    case(
        "index that is none",
        archived(index=b"[]"),
        "@: index.json: the manifest must be a JSON object",
        "layout.py",
        "except RegistryError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "index that is too large",
        archived(index=index() + b" " * 1000),
        "@: index.json: a JSON document of 1037 bytes; at most 1000 are read" + LIFT.format("document"),
        "documents.py",
        "if content.size > limits.document:",
        "if False:",
        limits=Limits(document=1000),
    ),
    case(
        "blob of another digest",
        with_files(**{blob(b"{}"): b"[]"}),
        f"@: {blob(b'{}')}: the file's digest is {sha256(b'[]')}, which is not its name",
        "layout.py",
        "        if content is not None:\n            check_digest",
        "        if False:\n            check_digest",
    ),
    case(
        "size that is a lie",
        archived(index=index({**entry(BARE), "size": 1})),
        f"@: {blob(BARE)}: the file has {len(BARE)} bytes; @: index.json says 1",
        "layout_reader.py",
        "if content.size != descriptor.size:",
        "if False:",
    ),
    case(
        "blob that is missing",
        tar(files({name: content for name, content in layout().items() if name != blob(b"{}")})),
        f"@: {blob(b'{}')}: no such file, but @: {blob(BARE)} refers to it",
        "layout_reader.py",
        "if self.sparse else",
        "if True else",
    ),
    case(
        "entry that is missing",
        tar(files({name: content for name, content in layout().items() if name != blob(BARE)})),
        f"@: {blob(BARE)}: no such file, but @: index.json refers to it",
        "layout_reader.py",
        "        content = self._optional(descriptor)\n        if content is None:",
        "        content = self._optional(descriptor)\n        if content is None and named_by == self.layout.index:\n"
        "            return Content([])\n        if content is None:",
    ),
    case(
        "name that is none",
        archived(index=index(entry(BARE, name="a+b"))),
        "@: index.json: org.opencontainers.image.ref.name 'a+b': invalid tag 'a+b': 1 to 128 characters...",
        "layout.py",
        "except NameInvalid as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "two entries of one name",
        tar(files({**layout(index=index(entry(BARE, name="v1"), entry(OTHER, name="v1"))), blob(OTHER): OTHER})),
        f"@: index.json: two manifests are called x:v1: {sha256(BARE)}, {sha256(OTHER)}",
        "load.py",
        "    refuse_clashes(files.where(INDEX), loaded, repository)\n",
        "",
    ),
]


def docker_tar(*images: object, **changed: object) -> bytes:
    return tar(files(docker(*images, **changed)))


def with_config(config: bytes) -> bytes:
    """A docker-archive with a config whose name promises nothing."""
    return docker_tar(docker_image(Config="config"), config=config, config_name="config")


def with_manifest(manifest: bytes) -> bytes:
    return tar(files({**docker(), "manifest.json": manifest}))


TWO_LAYERS = json.dumps({"rootfs": {"diff_ids": [sha256(b"layer")] * 2}}).encode()
OTHER_CONFIG = CONFIG + b" "
WRONG_LAYER = json.dumps({"rootfs": {"diff_ids": [sha256(b"other")]}}).encode()

DOCKER = [
    case(
        "neither form",
        tar(member("README", b"hello")),
        "@: has neither oci-layout nor manifest.json at its top, so it is no OCI image layout and no docker-archive",
        "docker_reader.py",
        "        if content is None:\n            raise LayoutError(self.archive.path",
        "        if content is None and 'README' in self.archive.entries:\n            return []\n"
        "        if content is None:\n            raise LayoutError(self.archive.path",
    ),
    case(
        "Docker before 1.10",
        tar(member("repositories", b"{}")),
        "@: has repositories, but no manifest.json: Docker before 1.10 saved it; let a newer one load and save it",
        "docker_reader.py",
        "if REPOSITORIES in archive.entries:",
        "if False:",
    ),
    case(
        "layout in a folder",
        tar(files({f"image/{name}": content for name, content in layout().items()})),
        "@: has neither oci-layout nor manifest.json at its top, so it is no OCI image layout and no docker-archive; "
        "it has image/oci-layout: pack what is within image, as `tar -C image -c .` does",
        "docker_reader.py",
        "if nested is None:",
        "if True:",
    ),
    case(
        "manifest.json that is no list",
        with_manifest(b"{}"),
        "@: manifest.json: must be a list of images",
        "docker_reader.py",
        "if not isinstance(images, list):",
        "if False:",
    ),
    case(
        "image that is no object",
        docker_tar("x"),
        "@: manifest.json: [0] must be an object with Config, RepoTags and Layers",
        "docker_reader.py",
        "if not isinstance(image, dict):",
        "if False:",
    ),
    case(
        "Config that is no name",
        docker_tar(docker_image(Config=7)),
        "@: manifest.json: [0].Config must be the name of a file",
        "docker_reader.py",
        'if not isinstance(name := image.get("Config"), str):',
        'if (name := image.get("Config")) is None:',
    ),
    case(
        "Layers that are no list",
        docker_tar(docker_image(Layers="layer.tar")),
        "@: manifest.json: [0].Layers must be a list of strings",
        "docker_reader.py",
        "if not isinstance(value, list) or not",
        "if not",
    ),
    case(
        "Layers that are no names",
        docker_tar(docker_image(Layers=[["layer.tar"]])),
        "@: manifest.json: [0].Layers must be a list of strings",
        "docker_reader.py",
        "if not isinstance(value, list) or not all(isinstance(one, str) for one in value):",
        "if not isinstance(value, list):",
    ),
    case(
        "RepoTag without a tag",
        docker_tar(docker_image(RepoTags=["app"])),
        "@: manifest.json: [0].RepoTags 'app': 'app' has no tag",
        "ref_names.py",
        "if not colon:",
        "if False:",
    ),
    case(
        "RepoTag that is a digest",
        docker_tar(docker_image(RepoTags=[f"app@{sha256(CONFIG)}"])),
        f"@: manifest.json: [0].RepoTags 'app@{sha256(CONFIG)}': is a digest and no tag",
        "docker_reader.py",
        "if tag is None:",
        "if False:",
    ),
    case(
        "RepoTag that is no name",
        docker_tar(docker_image(RepoTags=["team/App:v1"])),
        "@: manifest.json: [0].RepoTags 'team/App:v1': invalid repository name 'team/App': parts of...",
        "ref_names.py",
        '        raise NameInvalid(f"{text!r} has no tag")\n    return RepositoryName(name)',
        '        raise NameInvalid(f"{text!r} has no tag")\n    return RepositoryName(name.lower())',
    ),
    case(
        "file that is missing",
        docker_tar(docker_image(Layers=["gone.tar"])),
        "@: gone.tar: no such file, but @: manifest.json refers to it",
        "docker_reader.py",
        'raise LayoutError(self.archive.where(name), f"no such file, but {self._where} refers to it")',
        'return Content([b"layer"])',
    ),
    case(
        "config of another digest",
        docker_tar(config=OTHER_CONFIG),
        f"@: {CONFIG_NAME}: the file's digest is {sha256(OTHER_CONFIG)}, which is not its name",
        "docker_reader.py",
        "if named := _NAMED.fullmatch(name):",
        "if (named := _NAMED.fullmatch(name)) and False:",
    ),
    case(
        "layer of another DiffID",
        with_config(WRONG_LAYER),
        f"@: layer.tar: the layer's DiffID is {sha256(b'layer')}; @: config says {sha256(b'other')}",
        "docker_reader.py",
        "if (actual := self._layers[layer][0]) != diff_id:",
        "if (actual := self._layers[layer][0]) is None:",
    ),
    case(
        "layers that are not all named",
        with_config(TWO_LAYERS),
        "@: config: rootfs.diff_ids has 2 layers, and @: manifest.json names 1",
        "docker_reader.py",
        "if len(told) != len(layers):",
        "if False:",
    ),
    case(
        "config that is no object",
        with_config(b"[]"),
        "@: config: the config of an image must be a JSON object",
        "docker_config.py",
        "if not isinstance(document, dict):",
        "if False:",
    ),
    case(
        "config without DiffIDs",
        with_config(b"{}"),
        "@: config: the config of an image must have rootfs.diff_ids, a list of digests",
        "docker_config.py",
        "if not isinstance(listed, list) or not",
        "if listed is not None and not",
    ),
    case(
        "DiffIDs that are no text",
        with_config(b'{"rootfs": {"diff_ids": [7]}}'),
        "@: config: the config of an image must have rootfs.diff_ids, a list of digests",
        "docker_config.py",
        " or not all(isinstance(one, str) for one in listed)",
        "",
    ),
    case(
        "DiffID that is no digest",
        with_config(b'{"rootfs": {"diff_ids": ["sha256:../../x"]}}'),
        "@: config: rootfs.diff_ids: sha256 needs 64 lower-case hex digits, got '../../x'",
        "docker_config.py",
        "except DigestInvalid as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "config that is no JSON",
        with_config(b"FROM scratch"),
        "@: config: is not valid JSON: Expecting value: line 1 column 1 (char 0)",
        "../oci/strict_json.py",
        "    except ValueError as error:",
        "    except json.JSONDecodeError:\n        raise\n    except ValueError as error:",
    ),
    case(
        "config that is not UTF-8",
        with_config(b'{"author": "\xe9"}'),
        "@: config: is not UTF-8: byte 12 is invalid",
        "../oci/strict_json.py",
        "except UnicodeDecodeError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "JSON that is nested deeply",
        with_manifest(DEEP),
        "@: manifest.json: is nested too deeply to be read",
        "../oci/strict_json.py",
        "except RecursionError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "JSON with a key twice",
        with_config(b'{"rootfs": {"diff_ids": []}, ' + CONFIG[1:]),
        "@: config: is not valid JSON: the key 'rootfs' stands twice in one object",
        "../oci/strict_json.py",
        "if key in found:",
        "if False:",
    ),
    case(
        "JSON with NaN",
        with_config(b'{"x": NaN, ' + CONFIG[1:]),
        "@: config: is not valid JSON: NaN is not a JSON value",
        "../oci/strict_json.py",
        ", parse_constant=_no_constant",
        "",
    ),
    case(
        "two images of one name",
        tar(
            files(docker(docker_image(), docker_image(Config="other"))),
            member("other", OTHER_CONFIG),
        ),
        "@: manifest.json: two manifests are called team/app:v1: sha256:...",
        "load.py",
        "    refuse_clashes(archive.where(MANIFEST), loaded, name)\n",
        "",
    ),
]


def replaced(make: Callable[[Path], object]) -> Callable[[Path], Path]:
    """A layout in a directory, of which one blob is made anew in another way."""

    def made(folder: Path) -> Path:
        path = write_layout(folder / "x", entry(BARE, name="v1"), blobs=(BARE, b"{}"))
        (folder / "outside").write_bytes(b"{}")
        one = blob_path(path, sha256(b"{}"))
        one.unlink()
        make(one)
        return path

    return made


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "x")
    return folder / "x"


def inside_a_file(folder: Path) -> Path:
    (folder / "x").touch()
    return folder / "x" / "y"


FOLDERS = [
    case(
        "link out of the directory",
        replaced(lambda path: path.symlink_to("../../../../outside")),
        f"@/{blob(b'{}')}: is reached by a link that leads out of the directory, to...",
        "files.py",
        "if not real.is_relative_to(os.path.realpath(self.root)):",
        "if False:",
    ),
    case(
        "FIFO as a blob",
        replaced(os.mkfifo),
        f"@/{blob(b'{}')}: is a FIFO, where a file should be",
        "files.py",
        "            if not is_regular(path):",
        '            if not is_regular(path) and kind_of(path) != "a FIFO":',
    ),
    case(
        "directory as a blob",
        replaced(Path.mkdir),
        f"@/{blob(b'{}')}: is a directory, where a file should be",
        "files.py",
        "            if not is_regular(path):",
        '            if not is_regular(path) and kind_of(path) != "a directory":',
    ),
    case(
        "links in a loop in the directory",
        replaced(lambda path: path.symlink_to(path.name)),
        f"@/{blob(b'{}')}: Too many levels of symbolic links",
        "files.py",
        "        except OSError as error:",
        "        except ZeroDivisionError as error:",
    ),
    case(
        "FIFO in place of an archive",
        fifo,
        "@: is a FIFO, where a directory or a file should be",
        "load.py",
        "if not is_regular(path):",
        "if False:",
    ),
    case(
        "nothing there",
        lambda folder: folder / "x",
        "@: no such file or directory",
        "load.py",
        "except FileNotFoundError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "path within a file",
        inside_a_file,
        "@: Not a directory",
        "load.py",
        "except OSError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "no layout in the directory",
        lambda folder: folder,
        "@/oci-layout: no such file, so the directory is not an OCI image layout",
        "layout.py",
        "so the directory is not an OCI image layout",
        "",
    ),
]

CONTENTS = LAYOUTS + DOCKER + FOLDERS
