#!/bin/sh
# Builds and runs all tests with g++, then with clang and sanitizers. Installs what is missing. Run it again: it is incremental.
set -eu
cd "$(dirname "$0")/.."
packages="cmake ninja-build g++ clang clang-format libclang-rt-dev python3 catch2 libprotobuf-dev protobuf-compiler nlohmann-json3-dev zlib1g-dev libdeflate-dev libcli11-dev libfmt-dev libssl-dev libyaml-cpp-dev libbenchmark-dev libeigen3-dev libxtensor-dev"
. cmake/packages.sh
passed=0
failed=0
phase() {  # phase NAME COMMAND...: prints seconds, remembers failures
  name=$1; shift
  begin=$(date +%s)
  if "$@" >build/phase.log 2>&1; then result=ok; else result=FAILED; failed=$((failed + 1)); tail -n 60 build/phase.log; fi
  counted=$(sed -n 's/^.* tests passed, [0-9]* tests failed out of \([0-9]*\)$/\1/p' build/phase.log | tail -n 1)
  [ "$result" = FAILED ] || passed=$((passed + ${counted:-1}))
  echo "$name: $result, ${counted:-1} checks, $(($(date +%s) - begin)) s"
}
mkdir -p build
phase format sh -c 'git ls-files "*.hpp" "*.cpp" | xargs clang-format --dry-run -Werror'
for preset in release sanitize; do
  case $preset in release) switch=-DBUILD_TESTING=ON;; *) switch=;; esac
  phase "$preset configure" cmake --preset $preset $switch
  phase "$preset build" cmake --build --preset $preset
  # clang reads the headers in half of g++'s time
  [ $preset != sanitize ] || phase "headers alone" cmake --build --preset sanitize --target all_verify_interface_header_sets
  phase "$preset tests" ctest --preset $preset
done
phase demo sh cmake/demo.sh
echo "$passed passed, $failed failed"
[ $failed = 0 ]
