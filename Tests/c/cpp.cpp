// The header from C++17: two stacks in classes that free what they hold, a message from one to the other.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "net.h"

namespace {
struct Free {
  void operator()(raet_config *config) const { raet_config_free(config); }
  void operator()(raet_stack *stack) const { raet_stack_free(stack); }
  void operator()(const raet_event *event) const { raet_event_free(event); }
};
template <class T> using Held = std::unique_ptr<T, Free>;

Held<raet_stack> make(const char *name, const char *endpoint, bool is_main) {
  raet_config *made = nullptr;
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &made));
  Held<raet_config> config(made);
  CHECK_OK(raet_config_set_str(config.get(), RAET_KEY_NAME, name));
  CHECK_OK(raet_config_set_str(config.get(), RAET_KEY_ENDPOINT, endpoint));
  CHECK_OK(raet_config_set_u64(config.get(), RAET_KEY_MAIN, is_main));
  CHECK_OK(raet_config_set_u64(config.get(), RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE));
  raet_stack *stack = nullptr;
  CHECK_OK(raet_stack_new(config.get(), 1, &stack));
  return Held<raet_stack>(stack);
}

void carry(raet_stack *from, const char *endpoint, raet_stack *to, std::uint64_t now) {
  std::uint8_t data[1024];
  std::size_t len = 0;
  raet_addr source{}, target{};
  CHECK_OK(raet_addr_parse(endpoint, &source));
  while (raet_stack_output(from, now, data, sizeof data, &len, &target) == RAET_OK)
    CHECK_OK(raet_stack_input(to, now, data, len, &source));
}
}  // namespace

int main() {
  static_assert(std::is_standard_layout_v<raet_event> && std::is_standard_layout_v<raet_addr>);
  static_assert(std::is_same_v<decltype(&raet_now), std::uint64_t (*)()>);
  const char *here = "127.0.0.1:7530", *there = "127.0.0.1:7531";
  auto main_stack = make("main", here, true), other = make("other", there, false);
  const std::string json = R"({"from":"C++"})";
  raet_remote remote = 0;
  CHECK_OK(raet_remote_add(other.get(), nullptr, here, &remote));
  CHECK_OK(raet_connect(other.get(), remote, 1));
  CHECK_OK(raet_send(other.get(), remote, 1, RAET_BODY_JSON, reinterpret_cast<const std::uint8_t *>(json.data()),
                     json.size(), 0, 17, nullptr));
  Held<const raet_event> message;
  struct Seen { int delivered = 0; } seen;
  for (std::uint64_t now = 1; now < 20 * SECOND && seen.delivered == 0; now += SECOND / 1000) {
    carry(other.get(), there, main_stack.get(), now);
    carry(main_stack.get(), here, other.get(), now);
    const raet_event *event = nullptr;
    while (raet_stack_next_event(main_stack.get(), &event) == RAET_OK)
      if (event->type == RAET_EV_MESSAGE) {
        CHECK_OK(raet_event_detach(main_stack.get(), event));
        message.reset(event);
      }
    auto on_event = [](void *user, raet_stack *, const raet_event *given) {
      if (given->type == RAET_EV_DELIVERED && given->tag == 17) static_cast<Seen *>(user)->delivered++;
    };
    CHECK_OK(raet_stack_dispatch(other.get(), on_event, &seen, 0));
  }
  CHECK_NUMBER(1, seen.delivered);
  main_stack.reset();
  if (CHECK(message != nullptr)) {
    CHECK(std::string_view(reinterpret_cast<const char *>(message->body), message->body_len) == json);
    CHECK_TEXT("other", message->name);
  }
  return checks_end("cpp");
}
