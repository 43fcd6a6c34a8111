// The library's algebra at a prompt: one JSON request per line in, one JSON answer per line out.

#include "support/layout_requests.hpp"
#include "support/tool.hpp"

#include <iostream>

namespace {

using tools::json;

json error(std::string const& name, std::string const& message) {
  return {{"error", {{"name", name}, {"message", message}}}};
}

json answer_or_error(json const& request) {
  try {
    tools::require_object(request, "the request");
    return tools::answer(request);
  } catch (reshard::error const& e) {
    return error(e.rule(), e.what());
  } catch (std::exception const& e) {
    return error("unknown_request", e.what());
  }
}

json answer_to(std::string const& line) {
  json const request = json::parse(line, nullptr, false);
  if (request.is_discarded()) return error("unknown_request", "the line is not JSON");
  json answer = answer_or_error(request);
  if (request.is_object() && request.contains("id")) answer["id"] = request["id"];
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  tools::tool app{
      "Answers questions about layouts: one JSON object per line on standard input, one per line "
      "on "
      "standard output."};
  app.footer(R"(example: echo '{"op": "slices", "device": 1, "layout": )"
             R"({"devices": [2, 4], "map": [[1], []], "shape": [512, 1024]}}' | layout_calculator
answers {"devices":[{"device":1,"shape":[256,1024],"pieces":[{"offset":[0,0],)"
             R"("extent":[256,1024],"local":[0,0]}]}]}
ops: slices, replicas, local_to_global, plan, needed, move, keepers)");
  return app.run(argc, argv, [] {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << answer_to(line).dump(-1, ' ', false, json::error_handler_t::replace)
                << std::endl;
    return tools::exit_ok;
  });
}
