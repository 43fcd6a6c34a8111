#pragma once

// The algebra of shape:stride layouts, as CuTe has it: functions from 0 .. size - 1 to integers
// that a nested shape and a stride per mode describe, the first mode fastest. Composition,
// complement, inverses, divides and products are equations between such functions, and an answer is
// the function that the equation asks for or an error that is named after the reason; it is refused
// only if no shape:stride layout has that function, or if no closed form applies to a domain too
// large to try. Values, constexpr, nothing allocated. Not part of algebra.hpp: it knows neither
// devices nor tensors, and is included by its name.

#include <reshard/algebra/coordinate.hpp>
#include <reshard/algebra/int_tuple.hpp>
#include <reshard/algebra/nested.hpp>
#include <reshard/algebra/strided_coalesce.hpp>
#include <reshard/algebra/strided_complement.hpp>
#include <reshard/algebra/strided_composition.hpp>
#include <reshard/algebra/strided_divide.hpp>
#include <reshard/algebra/strided_function.hpp>
#include <reshard/algebra/strided_inverse.hpp>
#include <reshard/algebra/strided_layout.hpp>
#include <reshard/algebra/strided_order.hpp>
#include <reshard/algebra/strided_product.hpp>
#include <reshard/algebra/strided_recast.hpp>
