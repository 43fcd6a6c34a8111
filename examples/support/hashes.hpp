#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>
#include <reshard/codec/file_index.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace tools {

/// SHA-256 of a stored tensor's bytes, in hex.
inline std::string sha256_of(reshard::random_access_file const& file,
                             reshard::indexed_tensor const& t) {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> const context{EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<std::byte> block(std::size_t{1} << 20);
  for (reshard::byte_range const& range : t.ranges) {
    for (std::uint64_t at = 0; at < range.bytes; at += block.size()) {
      std::size_t const n = std::min<std::uint64_t>(block.size(), range.bytes - at);
      file.read(range.offset + at, std::span{block}.first(n));
      EVP_DigestUpdate(context.get(), block.data(), n);
    }
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace tools
