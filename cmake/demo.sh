#!/bin/sh
# Builds the tools and reshards a checkpoint that MindSpore wrote: 4 ranks (dp2 x mp2) to 8 ranks (dp2 x mp2 x pp2, optimizer shard).
set -eu
cd "$(dirname "$0")/.."
packages="cmake ninja-build g++ libprotobuf-dev protobuf-compiler nlohmann-json3-dev zlib1g-dev libdeflate-dev libcli11-dev libfmt-dev libssl-dev libyaml-cpp-dev"
. cmake/packages.sh
cmake --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release --target tools
data=tests/data/mindspore/quickstart/src
out=build/demo
set -- --src_checkpoint $data --src_strategy $data/strategy --dst_strategy $data/dst_strategy --dst_checkpoint_dir $out --world_size 8
echo; echo "the plan:"
build/release/bin/transform_checkpoint "$@" --dry_run
echo; echo "the conversion:"
build/release/bin/transform_checkpoint "$@" --force --verify
echo; echo "the result is in $out:"
find $out -name '*.ckpt' | sort
