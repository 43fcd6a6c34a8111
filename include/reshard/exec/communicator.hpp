#pragma once

#include <reshard/tensor/strided_block.hpp>

#include <concepts>
#include <span>

namespace reshard {
inline namespace v1 {

/// A block that goes to a peer, or comes from one. The k-th message from a to b is the k-th that b
/// expects from a; both state the same extent. A peer may be the process itself.
template <class Byte> struct message {
  index_t peer = 0;
  strided_block<Byte> block;
};
using outgoing = message<std::byte const>;
using incoming = message<std::byte>;

/// A process among equals. Both calls are collective: every process makes them, in one order.
///   exchange: returns when all that was expected has come and all that was sent may be changed
///   max:      the largest number that any process gave
template <class C>
concept communicator = requires(C& comm, std::span<outgoing const> sends,
                                std::span<incoming const> receives, int number) {
  { comm.rank() } -> std::convertible_to<index_t>;
  { comm.size() } -> std::convertible_to<index_t>;
  comm.exchange(sends, receives);
  { comm.max(number) } -> std::same_as<int>;
};

}  // namespace v1
}  // namespace reshard
