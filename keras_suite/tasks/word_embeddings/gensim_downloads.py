"""Word vectors by their name in gensim's downloader, such as ``glove-wiki-gigaword-50``."""

from pathlib import Path

from keras_suite.data.download import require_answer
from keras_suite.errors import InputError, in_a_line


def downloaded_vectors(name: str) -> Path:
    """Return the file of a set of vectors, downloaded where it has to be.

    gensim keeps downloads in ``$GENSIM_DATA_DIR``, else ``~/gensim-data``, and checks them by their
    MD5; what lies there already needs no network.

    Raises:
        NoNetworkError: where it would have to be downloaded and nothing answers within 10 seconds.
        InputError: where there is no such set, or the download breaks off.
    """
    import gensim.downloader

    file = downloads_folder() / name / f"{name}.gz"
    if file.is_file():
        return file
    require_answer(gensim.downloader.DATA_LIST_URL)
    try:
        known = gensim.downloader.info()["models"]
        if name in known:
            return Path(gensim.downloader.load(name, return_path=True))
    except Exception as error:  # gensim raises bare Exception where the MD5 is another
        raise InputError(
            f"The download of {name} broke off ({in_a_line(error)}): run the command again, or "
            f"put its file at {file}."
        ) from error
    names = ", ".join(each for each in known if not each.startswith("__"))
    raise InputError(f"gensim's downloader has no vectors {name!r}: it has {names}.")


def downloads_folder() -> Path:
    """Return where gensim keeps what it has downloaded."""
    import gensim.downloader

    return Path(gensim.downloader.BASE_DIR)
