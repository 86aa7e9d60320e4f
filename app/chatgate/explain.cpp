// `chatgate explain`: which rule decides a connection, and why.

#include "explain/explain.h"

#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <ctime>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "engine/trace.h"
#include "io/pcap/capture_reader.h"

#include "commands.h"
#include "options.h"
#include "policy_source.h"
#include "replay/replay.h"
#include "report/tally.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "explain",
    "--policy FILE --from ADDR --to ADDR:PORT [OPTION …]\n"
    "       chatgate explain --policy FILE --read CAPTURE --flow N",
    "Says which rule decides a connection, and why: what was looked at, step by\n"
    "step, and what was found. The connection is described, or is one of a capture.",
    "chatgate explain --policy policy/chatgate.json --from 10.1.1.5 \\\n"
    "  --to 203.0.113.7:443 --sni web.whatsapp.com",
};

constexpr std::uint16_t kClientPort = 40000;
constexpr std::uint16_t kLastPair = 7;
constexpr std::uint32_t kTracedPackets = 2000;

po::options_description describe() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  po::options_description options("Options");
  options.add_options()("policy", text("FILE")->default_value(std::string(kDefaultPolicyFile)),
                        "the policy")("json", po::bool_switch(),
                                      "one JSON object on standard output")(
      "from", text("ADDR[:PORT]"), "the client")("to", text("ADDR:PORT"), "the server")(
      "protocol", text("tcp|udp"), "default: as the name goes, else tcp")(
      "sni", text("NAME"), "the client says this name in a TLS hello")("quic-sni", text("NAME"),
                                                                       "... in a QUIC hello")(
      "host", text("NAME"), "... in an HTTP request")("dns", text("NAME"),
                                                      "... in a question to a DNS server")(
      "application", text("ID"), "as if its own protocol were spoken")(
      "service", text("ID"), "what is done in it: login, text-chat, file-transfer, …")(
      "read", text("CAPTURE"), "explain a flow of a capture instead")(
      "flow", po::value<std::uint64_t>()->value_name("N"),
      "its number from 1, or the flow_id of an event")(
      "at", text("TIME"), "when: 2026-11-26T08:30 (UTC); default: now")(
      "vlan", po::value<std::uint16_t>()->value_name("N"), "the tag of the frames")(
      "mac", text("ADDR"), "the client's hardware address, or that of the router before it")(
      "interface", po::value<std::uint16_t>()->value_name("N"),
      "the pair of devices, counted from 0")(
      "catalogue", text("DIR"),
      "folder of the catalogue; default: beside the policy, else the installed one")(
      "rules", po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
      "Snort rules beside those that the policy names (repeats)");
  return options;
}

// "10.0.0.1", "10.0.0.1:80", "[2001:db8::1]:80", "2001:db8::1".
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
};

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view port;
  const bool brackets = text.starts_with('[');
  if (brackets) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return std::nullopt;
    text = text.substr(1, end - 1);
    if (!port.empty()) port.remove_prefix(1);
  } else if (const std::size_t colon = text.find(':');
             colon != text.npos && text.find(':', colon + 1) == text.npos) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  Endpoint endpoint;
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  endpoint.address = *address;
  if (!port.empty()) {
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  }
  return endpoint;
}

// What the command line describes; what is wrong with it is printed.
class Reader {
 public:
  Reader(const po::variables_map& values, const engine::Snapshot& snapshot)
      : values_(values), snapshot_(snapshot) {}

  std::optional<explain::Description> read() {
    read_name();
    read_ends();
    read_application();
    if (good_) {
      const std::string mistake = explain::mistake_in(description_);
      if (!mistake.empty()) refuse(mistake, "see --help for an example");
    }
    return good_ ? std::optional(description_) : std::nullopt;
  }

  std::optional<Time> time() {
    if (values_.count("at") == 0) {
      return from_seconds(static_cast<std::uint64_t>(std::time(nullptr)));
    }
    const auto time = report::parse_time(text("at"));
    if (!time) refuse("--at \"" + text("at") + "\" is no time", "such as 2026-11-26T08:30, in UTC");
    return time;
  }

 private:
  std::string text(const char* option) const { return values_[option].as<std::string>(); }
  void refuse(std::string message, std::string remedy) {
    usage_error(kUsage, std::move(message), std::move(remedy));
    good_ = false;
  }

  void read_name() {
    using explain::NameKind;
    constexpr std::pair<const char*, NameKind> kKinds[] = {{"sni", NameKind::sni},
                                                           {"quic-sni", NameKind::quic_sni},
                                                           {"host", NameKind::host},
                                                           {"dns", NameKind::dns}};
    for (const auto& [option, kind] : kKinds) {
      if (values_.count(option) == 0) continue;
      if (description_.kind != NameKind::none) {
        refuse("a connection says one name first", "leave out --" + std::string(option));
      }
      description_.kind = kind;
      description_.name = text(option);
    }
  }

  void read_ends() {
    explain::TalkEnds& ends = description_.ends;
    using explain::NameKind;
    ends.tcp = description_.kind != NameKind::quic_sni && description_.kind != NameKind::dns;
    if (values_.count("protocol") != 0) {
      ends.tcp = text("protocol") == "tcp";
      if (!ends.tcp && text("protocol") != "udp") {
        refuse("--protocol \"" + text("protocol") + "\" is unknown", "tcp or udp");
      }
    }
    for (const char* option : {"from", "to"}) {
      if (values_.count(option) == 0) {
        refuse("--" + std::string(option) + " is missing", "see --help for an example");
        continue;
      }
      const auto end = parse_endpoint(text(option));
      if (!end) {
        refuse("--" + std::string(option) + " \"" + text(option) + "\" is no address",
               "such as 10.1.1.5:443 or [2001:db8::5]:443");
        continue;
      }
      const bool client = option == std::string_view("from");
      (client ? ends.client : ends.server) = end->address;
      (client ? ends.client_port : ends.server_port) = end->port;
    }
    if (ends.client_port == 0) ends.client_port = kClientPort;
    if (values_.count("vlan") != 0) ends.vlan = values_["vlan"].as<std::uint16_t>();
    if (ends.vlan && (*ends.vlan == 0 || *ends.vlan > 4094))
      refuse("--vlan is out of range", "1 to 4094");
    read_way();
  }

  void read_way() {
    explain::TalkEnds& ends = description_.ends;
    if (values_.count("mac") != 0) {
      ends.client_mac = policy::parse_mac(text("mac"));
      if (!ends.client_mac) {
        refuse("--mac \"" + text("mac") + "\" is no hardware address", "such as 00:11:22:33:44:55");
      }
    }
    if (values_.count("interface") == 0) return;
    const auto pair = values_["interface"].as<std::uint16_t>();
    if (pair > kLastPair) return refuse("--interface is out of range", "0 to 7");
    ends.pair = PairId(static_cast<PairId::rep>(pair));
  }

  void read_application() {
    if (values_.count("application") != 0) {
      description_.application = snapshot_.catalogue->find(text("application"));
      if (description_.application == nullptr) {
        std::vector<std::string_view> words;
        for (const auto& each : snapshot_.catalogue->applications()) words.push_back(each.word);
        refuse("unknown application \"" + text("application") + "\"",
               suggestion(text("application"), words));
      }
    }
    if (values_.count("service") == 0) return;
    const auto service = catalog::parse_service(text("service"));
    if (service) {
      description_.service = *service;
    } else {
      refuse("unknown service \"" + text("service") + "\"",
             suggestion(text("service"), catalog::service_words()));
    }
  }

  const po::variables_map& values_;
  const engine::Snapshot& snapshot_;
  explain::Description description_;
  bool good_ = true;
};

// The flow of a capture; nothing where there is none of that number, which is printed.
std::optional<explain::Explanation> explain_capture(
    const po::variables_map& values, const std::shared_ptr<const engine::Snapshot>& snapshot,
    int& status) {
  const std::string file = values["read"].as<std::string>();
  Diagnostics findings;
  const auto reader = io::CaptureReader::open(file, findings);
  print(findings);
  status = kInvalid;
  if (reader == nullptr) return std::nullopt;
  const replay::LoadedCapture capture(*reader);

  replay::ReplayOptions options;
  options.offloaded = replay::OffloadedSenders(capture.packets());
  const auto inside = snapshot->policy->inside();
  options.inside.assign(inside.begin(), inside.end());
  const auto wanted = values["flow"].as<std::uint64_t>();
  engine::TraceFilter filter;
  // Numbers of flows are small, and identifiers of flows are not.
  (wanted <= capture.packets().size() ? filter.flow_number : filter.flow_id) = wanted;
  engine::TraceRequest trace(filter, kTracedPackets);
  replay::Replay replay(options, snapshot, {}, {});
  replay.trace(trace);
  replay.run(capture.packets(), 1);
  replay.finish();
  const std::uint64_t flows = replay.summary().flows;
  if (wanted == 0 || trace.published().empty()) {
    usage_error(kUsage, "--flow " + std::to_string(wanted) + " is not in " + file,
                "it holds " + std::to_string(flows) + " flows");
    return std::nullopt;
  }
  status = kDone;
  // The replay counts on where a time begins or ends; the rules stay those of the policy.
  std::vector<engine::TraceEntry> entries(trace.published().begin(), trace.published().end());
  for (engine::TraceEntry& entry : entries) entry.generation = snapshot->generation;
  return explain::narrate(*snapshot, entries, {WorkerId(1)});
}

}  // namespace

int explain(const Arguments& arguments) {
  const Parsed parsed = parse(arguments, describe(), {}, kUsage);
  if (!parsed.values) return parsed.status;
  const po::variables_map& values = *parsed.values;
  const bool captured = values.count("read") != 0;
  if (captured != (values.count("flow") != 0)) {
    return usage_error(kUsage, "--read and --flow belong together", "see --help");
  }
  control::LoadRequest source = policy_source(values);
  source.workers = 2;  // a replay's, and one that explains
  catalog::ApplicationRegistry registry;
  const control::LoadResult loaded = control::load(source, registry);
  print(loaded.diagnostics);
  if (loaded.snapshot == nullptr) return kInvalid;

  std::optional<explain::Explanation> told;
  if (captured) {
    int status = kDone;
    told = explain_capture(values, loaded.snapshot, status);
    if (!told) return status;
  } else {
    Reader reader(values, *loaded.snapshot);
    const auto description = reader.read();
    const auto time = reader.time();
    if (!description || !time) return kInvalid;
    explain::StageOptions options;
    options.time = *time;
    auto snapshot = std::make_shared<engine::Snapshot>(*loaded.snapshot);
    snapshot->times = snapshot->policy->times().in_force(*time);
    told = explain::explain(std::move(snapshot), *description, options);
  }
  if (values["json"].as<bool>()) {
    std::cout << explain::to_json(*told) << "\n";
  } else {
    std::cout << explain::to_text(*told);
  }
  return kDone;
}

}  // namespace chatgate::app
