import subprocess
import sys


def test_importing_the_library_loads_no_framework():
    code = "import keras_suite, sys; print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
