"""The command line, but of the files that tests have made it knows the hashes: PINS COMMAND ..."""

import functools
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from keras_suite.data import download
from keras_suite.terminal.quiet import start_tensorflow

download.use_one_folder()
start_tensorflow()

import tensorflow_datasets as tfds  # noqa: E402
from huggingface_hub import file_download  # noqa: E402
from huggingface_hub.utils import _http  # noqa: E402
from tensorflow_datasets.core.download.checksums import UrlInfo  # noqa: E402
from tensorflow_datasets.core.utils import Size  # noqa: E402
from tensorflow_datasets.image_classification import mnist  # noqa: E402

from keras_suite import cli  # noqa: E402
from keras_suite.tasks.cifar10 import vgg19  # noqa: E402
from keras_suite.tasks.fake_news import tweets  # noqa: E402
from keras_suite.tasks.persian_qa import pquad  # noqa: E402
from keras_suite.tasks.skin_lesions import dermamnist  # noqa: E402

for module in (file_download, _http):
    module.time = SimpleNamespace(sleep=lambda seconds: None)  # between attempts
pins = json.loads(Path(sys.argv[1]).read_text())
download.STALLED_AFTER = 1
dermamnist.load = functools.partial(dermamnist.load, md5=pins["dermamnist"])
vgg19.MD5 = pins["vgg19"]
tweets.SHA256 |= pins["tweets"]
pquad.BLOBS |= pins["pquad"]
mnist._TRAIN_EXAMPLES, mnist._TEST_EXAMPLES = pins["mnist"]
for name, infos in pins["tfds"].items():
    tfds.builder_cls(name).url_infos.update(
        {url: UrlInfo(Size(size), sha256, file) for url, (size, sha256, file) in infos.items()}
    )
sys.exit(cli.main(sys.argv[2:]))
