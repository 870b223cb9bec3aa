"""The models on the official TensorFlow Serving image, asked over both protocols.

This needs docker and the image. Where this was built neither a docker daemon nor a server binary
was to be had, so it was never run against a real server: its tests put a stand-in for docker and
servers that follow TensorFlow Serving's documentation in their place.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from keras_suite.errors import InputError
from keras_suite.serving.check import TOLERANCE
from keras_suite.serving.check_process import difference
from keras_suite.serving.server_files import GRPC, IMAGE, REST, versions


@dataclass(frozen=True)
class Prove:
    """Start TensorFlow Serving in docker on exported models, ask it over REST and gRPC, stop it."""

    models: Path = Path("models")
    """Folder that `export` made."""
    seconds: float = 300.0
    """To wait for the models to be loaded."""

    def run(self) -> None:
        """Compare every model's answers to its examples; skip it, with a word, without docker.

        Raises:
            InputError: where there are no models, the server does not start, or an answer differs.
        """
        console = Console()
        examples = _examples(self.models)
        if missing := _what_is_missing():
            console.print(f"Skipped: {missing}", highlight=False, soft_wrap=True)
            return
        with _server(self.models / "compose.yaml"):
            rows = _ask(examples, self.seconds)
        table = Table("model", "protocol", "largest difference", title=IMAGE, box=SIMPLE_HEAD)
        for name, protocol, apart in rows:
            table.add_row(name, protocol, f"{apart:.1e}")
        console.print(table)
        if wrong := [f"{name} ({protocol})" for name, protocol, d in rows if d > TOLERANCE]:
            raise InputError(
                f"The server's answers are not the models' own, export again: {', '.join(wrong)}."
            )


def _examples(models: Path) -> dict[str, Path]:
    """By model the examples of its newest version, where it has any."""
    if not (models / "compose.yaml").exists():
        raise InputError(
            f"{models} has no compose.yaml: make it with python -m keras_suite.serving export."
        )
    files = {
        each.name: versions(each)[-1] / "assets.extra" / "examples.npz"
        for each in sorted(models.iterdir())
        if versions(each)
    }
    found = {name: file for name, file in files.items() if file.exists()}
    if not found:
        raise InputError(f"No model in {models} has examples: export newer runs.")
    return found


def _what_is_missing() -> str:
    """Return a sentence on what keeps the server from starting here, or ""."""
    if not shutil.which("docker"):
        return "docker is not there."
    if _docker("info").returncode:
        return "docker is there, but its daemon does not answer."
    if _docker("compose", "version").returncode:
        return "docker is there, but not its compose plugin."
    if _docker("image", "inspect", IMAGE).returncode:
        return f"the image is not there: docker pull {IMAGE} fetches it."
    return ""


@contextmanager
def _server(compose: Path) -> Iterator[None]:
    """Run the server; it stops whatever happens."""
    try:
        started = _docker("compose", "--file", compose, "up", "--detach")
        if started.returncode:
            last = (started.stderr.strip().splitlines() or ["no word"])[-1]
            raise InputError(f"The server did not start ({last}): see {compose}.")
        yield
    finally:
        _docker("compose", "--file", compose, "down")


def _docker(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True)


def _ask(files: dict[str, Path], seconds: float) -> list[tuple[str, str, float]]:
    """Ask for all examples of all models: name, protocol, largest absolute difference."""
    from keras_suite.serving.client import Client
    from keras_suite.serving.examples import Examples

    clients = {
        protocol: Client(address, protocol, timeout=60)
        for protocol, address in (("rest", REST), ("grpc", GRPC))
    }
    clients["rest"].wait_until_ready(files, seconds)
    rows = []
    for name, file in files.items():
        examples = Examples.load(file)
        for protocol, client in clients.items():
            answers = client.predict(name, examples.inputs)
            apart = [difference(answers.get(key), each) for key, each in examples.outputs.items()]
            rows.append((name, protocol, max(apart)))
    return rows
