// A snapshot's answer to what the numbers in an event are called.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/snapshot.h"
#include "telemetry/eve.h"

namespace chatgate::engine {

class SnapshotNames final : public telemetry::EventNames {
 public:
  explicit SnapshotNames(std::shared_ptr<const Snapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}

  std::string_view application(ApplicationId id) const override {
    const catalog::Application* application = snapshot_->catalogue->find(id);
    return application == nullptr ? std::string_view{} : application->word;
  }
  std::string_view category(ApplicationId id) const override {
    const catalog::Application* application = snapshot_->catalogue->find(id);
    return application == nullptr ? std::string_view{} : to_string(application->category);
  }
  std::string_view rule(RuleId rule) const override { return snapshot_->policy->rule_name(rule); }
  std::string_view list(ListId list) const override { return snapshot_->policy->list_name(list); }
  std::string_view access(RuleId line) const override {
    return snapshot_->policy->access_name(line);
  }
  std::optional<telemetry::SignatureText> signature(SignatureId id) const override {
    const detect::Rule* rule = snapshot_->signatures ? snapshot_->signatures->find(id) : nullptr;
    if (rule == nullptr) return std::nullopt;
    return telemetry::SignatureText{rule->gid,      rule->sid, rule->rev,
                                    rule->priority, rule->msg, rule->category};
  }

 private:
  const std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace chatgate::engine
