#include "ckpt_files.hpp"

namespace encrypted_test {

using namespace ckpt_files;

namespace {
std::optional<std::string> mode_of(std::string const& hex) {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("f", files::from_hex(hex))};
  auto const mode = encryption_of(file);
  return mode ? std::optional{std::string{*mode}} : std::nullopt;
}
}  // namespace

TEST_CASE("the first four bytes tell the mode", "[encrypted]") {
  CHECK(mode_of("d85e3a7f") == "AES-GCM");
  CHECK(mode_of("d95e3a7f") == "AES-CBC");
  CHECK(mode_of("da5e3a7f0000") == "SM4-CBC");
}

TEST_CASE("other bytes are not encrypted", "[encrypted]") {
  for (char const* const hex : {"", "d8", "d85e3a", "7f3a5ed8", "d75e3a7f", "db5e3a7f", "d85f3a7f",
                                "d85e3b7f", "d85e3a7e", "00d85e3a7f", "0a190a0473746570"})
    CHECK_FALSE(mode_of(hex).has_value());
}

TEST_CASE("a file that is cut inside its magic is no checkpoint", "[encrypted]") {
  for (char const* const hex : {"d8", "d85e", "d85e3a"})
    CHECK(index_error(files::from_hex(hex)).byte() == 0);
}

TEST_CASE("encrypted files are refused with their mode", "[encrypted]") {
  for (auto const& [name, mode] : {std::pair{"enc_aes_gcm", "AES-GCM"},
                                   {"enc_aes_cbc", "AES-CBC"},
                                   {"enc_sm4_cbc", "SM4-CBC"}}) {
    random_access_file const file{
        files::data("mindspore/" + std::string{name} + "/expected/m.ckpt")};
    auto const e = files::error_of([&] { (void)ckpt_index(file); });
    CHECK(e.code() == errc::file_is_encrypted);
    CHECK(files::contains(e.what(), mode));
    CHECK_FALSE(recognises_ckpt(file));
  }
}

}  // namespace encrypted_test
