"""Word vectors by their name in gensim's downloader, such as ``glove-wiki-gigaword-50``."""

from pathlib import Path

from gensim import downloader

from keras_suite.data.download import NoNetworkError, require_answer
from keras_suite.errors import InputError, in_a_line


def downloaded_vectors(name: str) -> Path:
    """Return the file of a set of vectors, downloaded where it has to be.

    gensim keeps downloads in ``$GENSIM_DATA_DIR``, else ``~/gensim-data``, and checks them by their
    MD5; what lies there already needs no network.

    Raises:
        NoNetworkError: where it would have to be downloaded and nothing answers; with what to do.
        InputError: where there is no such set, or the download breaks off.
    """
    file = Path(downloader.BASE_DIR, name, f"{name}.gz")
    if file.is_file():
        return file
    try:
        require_answer(downloader.DATA_LIST_URL)
        known = downloader.info()["models"]
        if name in known:
            return Path(downloader.load(name, return_path=True))
    except NoNetworkError as error:
        raise NoNetworkError(
            f"{error}; run 'python -m gensim.downloader --download {name}' on a machine with a "
            f"network and put what it makes at {file}, or name a file with --data-dir"
        ) from error
    except Exception as error:  # gensim raises bare Exception where the MD5 is another
        raise InputError(
            f"The download of {name} broke off ({in_a_line(error)}): run the command again, or "
            f"put its file at {file}."
        ) from error
    names = ", ".join(each for each in known if not each.startswith("__"))
    raise InputError(f"gensim's downloader has no vectors {name!r}: it has {names}.")
