#!/bin/sh
# Installs the lab into a folder: install.sh FOLDER [cpu|cu130]. With GENLAB_PACKAGES=here it takes the packages that this
# python has, and fetches none.
set -eu
folder=$1
torch=${2:-cpu}
source=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
python=${PYTHON:-python3}

if [ "${GENLAB_PACKAGES:-}" = here ]; then
    "$python" -m venv --without-pip "$folder"
    there=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    inside=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$there" > "$inside/here.pth"
    "$folder/bin/python" -m pip install -q --no-deps --no-build-isolation "$source"
else
    "$python" -m venv "$folder"
    pins=$source/requirements.txt
    "$folder/bin/pip" install $(grep -E '^(torch|torchvision)==' "$pins") \
        --index-url "https://download.pytorch.org/whl/$torch"
    "$folder/bin/pip" install -r "$pins"
    "$folder/bin/pip" install --no-deps "$source"
fi
"$folder/bin/python" -c 'from genlab.ui import PAGES; assert (PAGES / "gan.py").exists()'
echo "The lab is in $folder: $folder/bin/genlab opens it."
