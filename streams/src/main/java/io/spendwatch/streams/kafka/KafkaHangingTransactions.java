package io.spendwatch.streams.kafka;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;

/**
 * Asks the brokers, with an admin client of its own each time: it is needed only after a node has
 * died. Needs the rights to describe the group and the transactional ids of the group, and to write
 * with the latter, which a node's own work needs too.
 */
public final class KafkaHangingTransactions implements HangingTransactions {
  private final KafkaConfig config;

  public KafkaHangingTransactions(KafkaConfig config) {
    this.config = config;
  }

  @Override
  public CompletionStage<Set<String>> end() {
    CompletableFuture<Set<String>> ended = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("spendwatch-hanging-transactions")
        .start(
            () -> {
              try (Admin admin = Admin.create(config.adminProperties("admin"))) {
                ended.complete(end(admin));
              } catch (ExecutionException e) {
                ended.completeExceptionally(e.getCause());
              } catch (InterruptedException | RuntimeException e) {
                ended.completeExceptionally(e);
              }
            });
    return ended;
  }

  private Set<String> end(Admin admin) throws ExecutionException, InterruptedException {
    // In this order: a node that joins in between is not taken for an absent one.
    Set<String> open =
        admin
            .listTransactions(
                new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)))
            .all()
            .get()
            .stream()
            .map(TransactionListing::transactionalId)
            .filter(id -> config.nodeOf(id).isPresent())
            .collect(Collectors.toSet());
    Set<String> absent = new HashSet<>();
    if (!open.isEmpty()) {
      Map<String, ConsumerGroupDescription> groups =
          admin.describeConsumerGroups(List.of(config.groupId())).all().get();
      Set<String> members =
          Objects.requireNonNull(groups.get(config.groupId()), "asked for").members().stream()
              .map(MemberDescription::clientId)
              .collect(Collectors.toSet());
      open.forEach(id -> config.nodeOf(id).ifPresent(absent::add));
      absent.removeIf(node -> members.contains(KafkaConfig.consumerClientId(node)));
    }
    if (!absent.isEmpty()) {
      List<String> hanging =
          open.stream()
              .filter(id -> config.nodeOf(id).filter(absent::contains).isPresent())
              .toList();
      var _ = admin.fenceProducers(hanging).all().get();
    }
    return absent;
  }
}
