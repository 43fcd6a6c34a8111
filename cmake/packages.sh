# Sourced: makes sure that the Debian packages named in $packages are there.
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends $missing
  else
    echo "missing packages; run: sudo apt-get install -y$missing" >&2
    exit 1
  fi
fi
