# binding_python: installs the Python binding, with the library in it, into a virtual environment under build/, and sets
# PYTHON to its interpreter. To be sourced, from the top of the checkout.
binding_python() {
  local venv=$PWD/build/venv pip
  PYTHON=$venv/bin/python
  pip=("$PYTHON" -m pip --quiet --disable-pip-version-check install)
  if [ ! -e "$venv/ready" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "${pip[@]}" setuptools wheel msgpack
    touch "$venv/ready"
  fi
  "${pip[@]}" --force-reinstall --no-deps --no-build-isolation ./Bindings/python
}
