#pragma once

#include <reshard/benchmarking/competitor.hpp>
#include <reshard/testing/random_layouts.hpp>

#include <catch2/catch.hpp>

/// A rival fills the destinations of random plans, with items of every size.
inline void check_rival(reshard::benchmarking::competitor const& by) {
  using namespace reshard;
  unsigned const seed = std::random_device{}();
  INFO(by.name << ", seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 60; ++i)
    for (dtype const type :
         {dtype::uint8, dtype::bfloat16, dtype::float32, dtype::int64, dtype::complex128}) {
      auto const pair = testing::random_case<2>(random, {.devices = 8, .rank = 4});
      benchmarking::plan_run run{testing::to_layout(pair[0]), testing::to_layout(pair[1]), type};
      run.clear_destinations();
      by.run(run);
      if (!run.is_right()) FAIL(testing::to_text(pair[0]) << " to " << testing::to_text(pair[1]));
    }
  SUCCEED("seed " << seed);
}
