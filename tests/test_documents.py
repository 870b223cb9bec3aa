import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
TO_BE_WRITTEN = {"experiments/NAME.py", "experiments/wine.py"}


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_sections_that_are_named_are_there(document):
    text = document.read_text(encoding="utf-8")
    files = re.findall(r"\b(?:benchmarks|experiments|keras_suite|tests|tuning)/[\w/]+\.py\b", text)
    assert [name for name in set(files) - TO_BE_WRITTEN if not (ROOT / name).exists()] == []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        name, _, section = link.partition("#")
        other = document.parent / name if name else document
        assert other.exists(), link
        if section:
            headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            assert section in map(anchor, headings), link
