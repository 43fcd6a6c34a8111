#pragma once

// Room testing: what it takes to unit-test code that computes with layouts. A layout_case states a
// layout in plain lists; the oracle says by enumeration what it means; generators make all small
// cases or random ones, and a case that breaks a property is shrunk to one where nothing can be
// left out. The predicates are constexpr, so that a claim about a plan can be a static_assert.
// catch_matchers.hpp is the one header with Catch2.

#include <reshard/testing/all_layouts.hpp>
#include <reshard/testing/for_all.hpp>
#include <reshard/testing/layout_case.hpp>
#include <reshard/testing/oracle.hpp>
#include <reshard/testing/plan_oracle.hpp>
#include <reshard/testing/predicates.hpp>
#include <reshard/testing/random_layouts.hpp>
#include <reshard/testing/shrink.hpp>
