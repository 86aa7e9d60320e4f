// `chatgate replay`: the engine over capture files, no privileges needed.

#include "replay/replay.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "io/pcap/capture_reader.h"
#include "io/pcap/capture_writer.h"
#include "telemetry/file_sink.h"

#include "commands.h"
#include "host_name.h"
#include "options.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "replay",
    "--policy FILE --read IN [--write OUT] [OPTION …]",
    "Runs the packets of a capture (pcap or pcapng) through the engine under a\n"
    "policy, and prints what it did as one JSON object on the last line.",
    "chatgate replay --policy policy/chatgate.json --read talk.pcap \\\n"
    "  --write passed.pcap --events -",
};

constexpr unsigned kMostWorkers = 64;

using Texts = std::vector<std::string>;

po::options_description describe() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) { return po::value<Texts>()->value_name(name); };
  po::options_description options("Options");
  options.add_options()("policy", text("FILE")->required(), "the policy")(
      "read", text("IN")->required(), "the capture; - is standard input")(
      "write", text("OUT"),
      "what both ports would have sent; OUT.pcapng may hold several link types")(
      "events", text("FILE"), "events, one JSON object a line; - is standard output")(
      "inside", texts("CIDR")->composing(),
      "what is inside (repeats); default: the policy's networks.inside, else the side that opened "
      "a "
      "flow")("workers", po::value<unsigned>()->default_value(1)->value_name("N"),
              "workers, in turn")(
      "flows", po::value<std::uint32_t>()->default_value(1u << 16)->value_name("N"),
      "most flows of a worker")("loop", po::value<unsigned>()->default_value(1)->value_name("N"),
                                "run the packets N times, from memory")(
      "rules", texts("FILE")->composing(),
      "Snort rules beside those that the policy names (repeats)")(
      "catalogue", text("DIR"),
      "folder of the catalogue; default: beside the policy, else the installed one")(
      "checksums", text("auto|verify|ignore")->default_value("auto"),
      "verify: packets with a wrong one are no evidence and do not pass; ignore; or auto: verify, "
      "but for senders of which the capture shows wrong ones only (filled in by their device)")(
      "redact-people", po::bool_switch(), "no log-ins, peers and file names in events")(
      "protocol-events", po::bool_switch(), "dns, tls, quic and http events too");
  return options;
}

// What the command line asks for; nothing where it is wrong, which has been printed.
struct Request {
  replay::ReplayOptions options;
  unsigned loop = 1;
  bool find_offloaded = false;
};

std::optional<Request> request_of(const po::variables_map& values) {
  Request request;
  bool good = true;
  const auto refuse = [&](std::string message, std::string remedy) {
    usage_error(kUsage, std::move(message), std::move(remedy));
    good = false;
  };
  request.options.workers = values["workers"].as<unsigned>();
  request.options.flows = values["flows"].as<std::uint32_t>();
  request.options.protocol_events = values["protocol-events"].as<bool>();
  request.options.redact_people = values["redact-people"].as<bool>();
  request.loop = values["loop"].as<unsigned>();
  if (request.options.workers < 1 || request.options.workers > kMostWorkers) {
    refuse("--workers " + std::to_string(request.options.workers) + " is out of range",
           "1 to " + std::to_string(kMostWorkers));
  }
  if (request.options.flows < 64 || request.options.flows > (1u << 26)) {
    refuse("--flows " + std::to_string(request.options.flows) + " is out of range",
           "64 to 67108864");
  }
  constexpr std::string_view kChecksums[] = {"auto", "verify", "ignore"};
  const std::string checksums = values["checksums"].as<std::string>();
  request.options.verify_checksums = checksums != "ignore";
  request.find_offloaded = checksums == "auto";
  if (std::find(std::begin(kChecksums), std::end(kChecksums), checksums) == std::end(kChecksums)) {
    refuse("--checksums \"" + checksums + "\" is unknown", suggestion(checksums, kChecksums));
  }
  if (request.loop < 1) refuse("--loop 0 runs nothing", "1 or more");
  if (values.count("write") != 0 && values["write"].as<std::string>() == "-") {
    refuse("--write needs the name of a file", "standard output is for the summary and events");
  }
  if (values.count("inside") != 0) {
    for (const std::string& word : values["inside"].as<Texts>()) {
      bool host_bits = false;
      if (const auto prefix = Prefix::parse(word, &host_bits)) {
        request.options.inside.push_back(*prefix);
      } else {
        refuse("--inside \"" + word + "\" is no network", "such as 10.0.0.0/8 or fd00::/8");
      }
    }
  }
  if (!good) return std::nullopt;
  return request;
}

// The sink of --events: a file that is emptied first, or standard output.
std::unique_ptr<telemetry::Sink> open_events(const std::string& file, Diagnostics& findings) {
  if (file == "-")
    return telemetry::FileSink::standard_output(telemetry::FileSink::SlowReader::waits);
  return telemetry::FileSink::open(file, file, telemetry::FileSink::Existing::truncate, findings);
}

// Files that go out. Null pointers where they were not asked for.
struct Outputs {
  std::vector<std::unique_ptr<telemetry::Sink>> sinks;
  std::unique_ptr<io::CaptureWriter> capture;
};

std::optional<Outputs> open_outputs(const po::variables_map& values) {
  Outputs outputs;
  Diagnostics findings;
  for (const char* option : {"events", "write"}) {
    if (values.count(option) == 0) continue;
    const std::string file = values[option].as<std::string>();
    std::error_code absent;
    if (std::filesystem::equivalent(file, values["read"].as<std::string>(), absent)) {
      findings.error({file}, "is the capture to be read", "name another file");
    }
  }
  if (findings.has_errors()) {
    print(findings);
    return std::nullopt;
  }
  if (values.count("events") != 0) {
    auto sink = open_events(values["events"].as<std::string>(), findings);
    if (sink != nullptr) outputs.sinks.push_back(std::move(sink));
  }
  if (values.count("write") != 0) {
    outputs.capture = io::CaptureWriter::open(values["write"].as<std::string>(), findings);
  }
  print(findings);
  if (findings.has_errors()) return std::nullopt;
  return outputs;
}

// The packets, from a file as they are read, or from memory where they are needed more than once.
struct Input {
  std::unique_ptr<io::CaptureReader> reader;
  std::unique_ptr<replay::LoadedCapture> loaded;

  bool complete() const { return loaded == nullptr || loaded->complete(); }
};

Input prepare(Request& request, const std::string& path,
              std::unique_ptr<io::CaptureReader> reader) {
  Input input{std::move(reader), nullptr};
  if (request.loop > 1 || (request.find_offloaded && !std::filesystem::is_regular_file(path))) {
    input.loaded = std::make_unique<replay::LoadedCapture>(*input.reader);
  }
  if (!request.find_offloaded) return input;
  if (input.loaded != nullptr) {
    request.options.offloaded = replay::OffloadedSenders(input.loaded->packets());
    return input;
  }
  Diagnostics ignored;
  if (const auto first = io::CaptureReader::open(path, ignored)) {
    request.options.offloaded = replay::OffloadedSenders(*first);
  }
  return input;
}

// Everything is open: runs the packets. Answers the exit status.
int run_packets(const Request& request, std::shared_ptr<const engine::Snapshot> snapshot,
                const Input& input, Outputs outputs) {
  Diagnostics findings;
  replay::Output output;
  if (outputs.capture != nullptr) {
    output = [&](const replay::OutputFrame& frame) {
      outputs.capture->write(frame.bytes, frame.wire_length, frame.link, frame.time, findings,
                             {frame.out == net::Side::inside ? "inside" : "outside",
                              io::Direction::outbound, frame.forged ? "forged" : ""});
    };
  }
  replay::Replay replay(request.options, std::move(snapshot), std::move(outputs.sinks), output);
  bool complete = input.complete();
  if (input.loaded != nullptr) {
    replay.run(input.loaded->packets(), request.loop);
  } else {
    complete = replay.run(*input.reader);
  }
  replay.finish();
  if (outputs.capture != nullptr) outputs.capture->close(findings);
  std::cout << replay.summary().to_json() << std::endl;

  int status = kDone;
  if (const std::uint64_t lost = replay.events_lost(); lost != 0) {
    findings.error({}, std::to_string(lost) + " events were lost");
  }
  if (findings.has_errors()) status = kFailed;
  print(findings);
  if (!complete) {
    const Diagnostic& error = input.reader->error();
    Diagnostics capture;
    capture.error(error.place, error.message, error.remedy);
    print(capture);
    status = kInvalid;
  }
  return status;
}

}  // namespace

int replay(const Arguments& arguments) {
  const Parsed parsed = parse(arguments, describe(), {}, kUsage);
  if (!parsed.values) return parsed.status;
  const po::variables_map& values = *parsed.values;
  auto request = request_of(values);
  if (!request) return kInvalid;

  const std::string policy = values["policy"].as<std::string>();
  const std::string catalogue = values.count("catalogue") != 0
                                    ? values["catalogue"].as<std::string>()
                                    : control::default_catalogue_folder(policy);
  catalog::ApplicationRegistry registry;
  control::LoadRequest source;
  source.policy_file = policy;
  source.catalogue_folder = catalogue;
  source.workers = request->options.workers;
  if (values.count("rules") != 0) source.rule_files = values["rules"].as<Texts>();
  const control::LoadResult loaded = control::load(source, registry);
  Diagnostics findings = loaded.diagnostics;
  const std::string capture = values["read"].as<std::string>();
  auto reader = io::CaptureReader::open(capture, findings);
  print(findings);
  if (loaded.snapshot == nullptr || reader == nullptr) return kInvalid;

  if (request->options.inside.empty()) {
    const auto inside = loaded.snapshot->policy->inside();
    request->options.inside.assign(inside.begin(), inside.end());
  }
  request->options.host = host_name();
  auto outputs = open_outputs(values);
  if (!outputs) return kFailed;
  const Input input = prepare(*request, capture, std::move(reader));
  return run_packets(*request, loaded.snapshot, input, std::move(*outputs));
}

}  // namespace chatgate::app
