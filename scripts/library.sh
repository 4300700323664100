# shellcheck shell=bash
# What the scripts beside this file share; they source it. It defines `root` (the checkout) and functions.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Print the Python that sets things up: the one of .venv if it works, else the newest on PATH that can make a .venv.
find_python() {
  local candidate fallback=
  if "$root/.venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$root/.venv/bin/python"
    return
  fi
  for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
    fallback=${fallback:-$(command -v "$candidate")}
  done
  if [[ -z $fallback ]]; then
    echo "hubbub: needs Python 3.11, 3.12, 3.13 or 3.14; none of them is on PATH" >&2
    return 1
  fi
  echo "$fallback"
}

# set_up serve|develop
set_up() {
  local python
  python=$(find_python) || exit 1
  "$python" "$root/scripts/environment.py" "$1" || exit $?
}

# Put the environment's programs first on PATH, then the Node.js that builds the app.
enter() {
  local node
  node=$(PYTHONPATH=$root/scripts "$root/.venv/bin/python" -c 'import app; print(app.required_node().folder)')
  export PATH=$root/.venv/bin:$node:$PATH
}
