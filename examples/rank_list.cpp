// Says which source ranks' files a destination rank needs.

#include "support/checkpoints.hpp"
#include "support/tool.hpp"

#include <reshard/checkpoint/rank_list.hpp>

int main(int argc, char** argv) {
  tools::tool app{"Prints the source ranks whose files one destination rank needs."};
  app.footer("example: rank_list --rank_id 3 --src_strategy src.ckpt --dst_strategy dst.ckpt");
  reshard::index_t rank = 0;
  std::string from;
  std::string to;
  auto rule = reshard::rank_list_rule::minimal;
  std::map<std::string, reshard::rank_list_rule> const rules{
      {"minimal", reshard::rank_list_rule::minimal},
      {"mindspore", reshard::rank_list_rule::mindspore}};
  app.add_option("--rank_id", rank, "destination rank")->required();
  app.add_option("--src_strategy", from, "file or folder; None = complete weights");
  app.add_option("--dst_strategy", to, "file or folder; None = complete weights");
  app.add_option("--rule", rule, "minimal, or mindspore: what rank_list_for_transform answers")
      ->transform(CLI::CheckedTransformer(rules))
      ->option_text("minimal|mindspore");
  return app.run(argc, argv, [&] {
    auto const source = tools::strategy_of(from);
    auto const destination = tools::strategy_of(to);
    char const* between = "";
    for (reshard::index_t const r : reshard::rank_list(
             rank, source ? &*source : nullptr, destination ? &*destination : nullptr, rule)) {
      fmt::print("{}{}", between, r);
      between = " ";
    }
    fmt::print("\n");
    return tools::exit_ok;
  });
}
