# binding_python: installs the Python binding, with the library in it, into a virtual environment under build/, and sets
# PYTHON to its interpreter. To be sourced, from the top of the checkout. Debian's Python, setuptools, wheel and msgpack:
# nothing has to be downloaded.
binding_python() {
  PYTHON=$PWD/build/venv/bin/python
  [ -x "$PYTHON" ] || /usr/bin/python3 -m venv --system-site-packages build/venv
  "$PYTHON" -m pip --quiet --disable-pip-version-check install --force-reinstall --no-deps --no-index \
    --no-build-isolation ./Bindings/python
}
