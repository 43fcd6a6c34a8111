#pragma once

// The single include for layout algebra, plans and tensors.

#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>
#include <reshard/tensor.hpp>
