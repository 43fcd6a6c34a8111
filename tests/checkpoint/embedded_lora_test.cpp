#include <reshard/checkpoint/embedded_lora.hpp>

#include "by_hand.hpp"

#include <random>

namespace embedded_lora_test {

using namespace reshard;
using namespace by_hand;

namespace {

using floats = std::vector<float>;

stored of_floats(std::string name, std::vector<index_t> shape, floats const& values) {
  stored out{std::move(name), std::move(shape), numbers(values.size()), "Float32"};
  std::memcpy(out.values.data(), values.data(), 4 * values.size());
  return out;
}

std::mt19937 random_bits{7};

floats random_floats(index_t n) {
  floats out(static_cast<std::size_t>(n));
  for (float& x : out) x = std::normal_distribution<float>{}(random_bits);
  return out;
}

/// base + scale * b x a, k ascending.
floats merged(floats w, floats const& a, floats const& b, index_t rank, float scale) {
  auto const r = static_cast<std::size_t>(rank);
  std::size_t const in = a.size() / r;
  for (std::size_t i = 0; i < b.size() / r; ++i)
    for (std::size_t j = 0; j < in; ++j) {
      float sum = 0;
      for (std::size_t k = 0; k < r; ++k) sum += b[i * r + k] * a[k * in + j];
      w[i * in + j] += scale * sum;
    }
  return w;
}

constexpr index_t out_size = 8, in_size = 16, rank = 4;

/// Three modules with names of three kinds, one without an adapter, and state of the optimizer.
struct checkpoint_case {
  std::vector<stored> before, after;

  checkpoint_case() {
    for (std::string const kind : {"mindpet_delta_lora_a", "lora_A.weight", "lora_a"}) {
      std::string const module = "layers." + std::to_string(before.size()) + ".wq";
      floats const w = random_floats(out_size * in_size);
      floats const a = random_floats(rank * in_size);
      floats const b = random_floats(out_size * rank);
      std::string partner = kind;
      std::size_t const at = kind.find("lora_") + 5;
      partner[at] = partner[at] == 'a' ? 'b' : 'B';
      before.push_back(of_floats(module + ".weight", {out_size, in_size}, w));
      before.push_back(of_floats(module + "." + kind, {rank, in_size}, a));
      before.push_back(of_floats(module + "." + partner, {out_size, rank}, b));
      before.push_back(of_floats("adam_m." + module + "." + kind, {rank, in_size}, a));
      before.push_back(of_floats("adam_m." + module + ".weight", {out_size, in_size}, w));
      after.push_back(
          of_floats(module + ".weight", {out_size, in_size}, merged(w, a, b, rank, 0.37F)));
      after.push_back(before.back());
    }
    before.push_back(of_floats("norm.weight", {16}, random_floats(16)));
    after.push_back(before.back());
  }

  static strategy random_strategy(std::vector<stored> const& tensors,
                                  std::vector<index_t> const& devices) {
    strategy out;
    for (stored const& t : tensors) {
      std::vector<index_t> axes(devices.size());
      std::iota(axes.begin(), axes.end(), index_t{0});
      std::shuffle(axes.begin(), axes.end(), random_bits);
      std::vector<std::vector<index_t>> map;
      for (std::size_t d = 0; d < t.shape.size(); ++d) {
        bool const cut = !axes.empty() && random_bits() % 3 > 0;
        map.push_back({cut ? axes.back() : index_t{-1}});
        if (cut) axes.pop_back();
      }
      for (auto& dim : map)
        if (dim[0] < 0) dim.clear();
      out.parameters.push_back(parameter(t.name, devices, map));
    }
    return out;
  }
};

void merge_into(std::string const& dir, catalog& source, strategy const* to, std::size_t memory,
                std::size_t workers) {
  std::vector<lora_merge> merges;
  for (embedded_pair const& pair : take_embedded_adapters(source).pairs)
    merges.push_back(merge_of(source, pair, 0.37));
  rank_file_options files;
  files.path_of = [&](index_t r) { return rank_file(dir, r); };
  files.format = ckpt_format;
  conversion_plan plan = plan_rank_files(source, lay_out(source, to), files);
  add_lora(plan, std::move(merges));
  convert_options options;
  options.memory_bytes = memory;
  options.workers = workers;
  conversion work{std::move(plan), options};
  work.run();
  CHECK(work.verify_written().empty());
}

std::string fault_of(std::vector<stored> const& tensors) {
  folder const dir;
  catalog source = open_weights(write(dir.path + "/m.ckpt", file_bytes(tensors)), all_formats());
  checkpoint_error const e = error_of([&] { (void)take_embedded_adapters(source); });
  CHECK(e.code() == errc::adapter_does_not_fit);
  return e.what();
}
}  // namespace

TEST_CASE("merged while it is resharded, every rank has its slice of the one result",
          "[embedded_lora]") {
  std::vector<std::vector<index_t>> const meshes{{1}, {2, 2}, {2, 4}, {4}};
  for (std::size_t round = 0; round < 8; ++round) {
    checkpoint_case const c;
    folder const dir;
    std::vector<index_t> const& from = meshes[round % meshes.size()];
    std::vector<index_t> const& to = meshes[round / 2 % meshes.size()];
    strategy const source_strategy = checkpoint_case::random_strategy(c.before, from);
    strategy const target_strategy = checkpoint_case::random_strategy(c.after, to);
    index_t ranks = 1;
    for (index_t const size : from) ranks *= size;
    for (index_t r = 0; r < ranks; ++r) {
      std::vector<stored> parts;
      for (std::size_t i = 0; i < c.before.size(); ++i)
        parts.push_back(slice_of(c.before[i], source_strategy.parameters[i], r));
      write(rank_file(dir.path + "/src", r), file_bytes(parts));
    }
    catalog source = open_ranks(dir.path + "/src", source_strategy, all_formats());
    merge_into(dir.path + "/dst", source, &target_strategy,
               (std::size_t{256} << 10) * (1 + round % 3), 1 + round % 3);
    ranks = 1;
    for (index_t const size : to) ranks *= size;
    for (index_t r = 0; r < ranks; ++r) {
      std::map<std::string, numbers> expected;
      for (std::size_t i = 0; i < c.after.size(); ++i)
        expected[c.after[i].name] = slice_of(c.after[i], target_strategy.parameters[i], r).values;
      CHECK(read(rank_file(dir.path + "/dst", r)) == expected);
    }
  }
}

TEST_CASE("names of adapters: the module, and which part", "[embedded_lora]") {
  auto const text = [](char const* name) -> std::string {
    auto const found = lora_name_of(name);
    if (!found) return "none";
    constexpr char const* parts[] = {" a", " b", " other"};
    return found->module + parts[static_cast<std::size_t>(found->part)];
  };
  CHECK(text("m.wq.mindpet_delta_lora_a") == "m.wq a");
  CHECK(text("m.wq.mindpet_delta_lora_B") == "m.wq b");
  CHECK(text("m.wq.tk_delta_lora_b") == "m.wq b");
  CHECK(text("m.wq.lora_A.weight") == "m.wq a");
  CHECK(text("adam_v.m.wq.lora_b") == "adam_v.m.wq b");
  CHECK(text("m.wq.lora_embedding_A") == "m.wq other");
  CHECK(text("m.wq.lora_A.bias") == "m.wq other");
  CHECK(text("lora_a") == " other");
  CHECK(text("m.q_lora_norm.weight") == "none");
  CHECK(text("m.wq.weight") == "none");
}

TEST_CASE("what does not belong together is one error with all names", "[embedded_lora]") {
  auto const t = [](char const* name, std::vector<index_t> shape) {
    index_t n = 1;
    for (index_t const size : shape) n *= size;
    return of_floats(name, std::move(shape), floats(static_cast<std::size_t>(n)));
  };
  CHECK_THAT(
      fault_of({t("a.weight", {2, 3}), t("a.lora_a", {1, 3}), t("b.lora_b", {2, 1})}),
      Catch::Contains("a.lora_a has no partner B") && Catch::Contains("b.lora_b has no partner A"));
  CHECK_THAT(fault_of({t("a.lora_a", {1, 3}), t("a.lora_b", {2, 1})}),
             Catch::Contains("there is no a.weight"));
  CHECK_THAT(fault_of({t("a.weight", {2, 3}), t("a.lora_a", {2, 3}), t("a.lora_b", {2, 1})}),
             Catch::Contains("base (2, 3), A (2, 3), B (2, 1): the ranks differ"));
  CHECK_THAT(fault_of({t("a.weight", {2, 4}), t("a.lora_a", {1, 3}), t("a.lora_b", {2, 1})}),
             Catch::Contains("B x A does not fit the base"));
  CHECK_THAT(fault_of({t("a.weight", {6}), t("a.lora_a", {1, 3}), t("a.lora_b", {2, 1})}),
             Catch::Contains("no three matrices"));
  CHECK_THAT(fault_of({t("a.weight", {2, 3}), t("a.lora_m", {1, 3})}),
             Catch::Contains("a.lora_m is of no known kind"));
  CHECK_THAT(fault_of({t("a.weight", {2, 3})}), Catch::Contains("nothing to merge"));
}

TEST_CASE("a base that is stored the other way round is merged so, with a warning",
          "[embedded_lora]") {
  folder const dir;
  catalog source = open_weights(
      write(dir.path + "/m.ckpt", file_bytes({of_floats("a.weight", {3, 2}, {0, 0, 0, 0, 0, 0}),
                                              of_floats("a.lora_a", {1, 3}, {1, 2, 3}),
                                              of_floats("a.lora_b", {2, 1}, {10, 20})})),
      all_formats());
  catalog copy = source;
  CHECK_THAT(take_embedded_adapters(copy).warnings.at(0), Catch::Contains("stored [in, out]"));
  merge_into(dir.path + "/dst", source, nullptr, std::size_t{1} << 20, 1);
  stored const want =
      of_floats("", {}, {0.37F * 10, 0.37F * 20, 0.37F * 20, 0.37F * 40, 0.37F * 30, 0.37F * 60});
  CHECK(read(rank_file(dir.path + "/dst", 0)).at("a.weight") == want.values);
}

}  // namespace embedded_lora_test
