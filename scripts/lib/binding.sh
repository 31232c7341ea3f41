# binding_python: puts the Python binding and the library it holds into a virtual environment under build/, and sets
# PYTHON to its interpreter. To be sourced, from the top of the checkout.
binding_python() {
  local venv=$PWD/build/venv
  PYTHON=$venv/bin/python
  [ -x "$PYTHON" ] || "${BASE_PYTHON:-python3}" -m venv "$venv"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./Bindings/python
}
