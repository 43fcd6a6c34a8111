#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>
#include <reshard/codec/file_index.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tools {

/// SHA-256 of bytes that come in parts.
class sha256 {
 public:
  sha256() : context_{EVP_MD_CTX_new(), EVP_MD_CTX_free} {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(std::span<std::byte const> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  void add(std::string const& text) { add(std::as_bytes(std::span{text})); }
  [[nodiscard]] std::string hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    std::string out;
    for (unsigned int i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

/// SHA-256 of a stored tensor's bytes, in hex.
inline std::string sha256_of(reshard::random_access_file const& file,
                             reshard::indexed_tensor const& t) {
  sha256 hash;
  std::vector<std::byte> block(std::size_t{1} << 20);
  for (reshard::byte_range const& range : t.ranges) {
    for (std::uint64_t at = 0; at < range.bytes; at += block.size()) {
      std::size_t const n = std::min<std::uint64_t>(block.size(), range.bytes - at);
      file.read(range.offset + at, std::span{block}.first(n));
      hash.add(std::span{block}.first(n));
    }
  }
  return hash.hex();
}

}  // namespace tools
