package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Host;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The group's coordinator, with the cooperative protocol: a partition that moves is first given up
 * by its owner, in one generation, and given out in the next.
 */
final class SimulatedGroup {

  /** As the coordinator sees it. */
  static final class Member {
    private final String id;
    private final Host host;
    private final Life life;
    private long heardNanos;
    private boolean joined;
    private Set<TopicPartition> owned = new LinkedHashSet<>();
    private Set<TopicPartition> assigned = new LinkedHashSet<>();

    private Member(String id, Host host, Life life) {
      this.id = id;
      this.host = host;
      this.life = life;
    }

    String id() {
      return id;
    }

    Set<TopicPartition> assigned() {
      return assigned;
    }
  }

  private final Scheduler scheduler;
  private List<TopicPartition> partitions;
  private final Map<String, Member> members = new LinkedHashMap<>();
  private int generation;
  private boolean rebalancing;
  private int names;

  SimulatedGroup(Scheduler scheduler, List<TopicPartition> partitions) {
    this.scheduler = scheduler;
    this.partitions = partitions;
    heartbeat();
  }

  /** Its topics have these partitions by now. */
  void has(List<TopicPartition> all) {
    partitions = all;
    rebalancing = true;
    completeIfAllJoined();
  }

  Member enter(Host host, Life life) {
    Member member = new Member(host.name() + "-" + names++, host, life);
    member.heardNanos = scheduler.nanoTime();
    members.put(member.id, member);
    rebalancing = true;
    return member;
  }

  void leave(Member member) {
    if (members.remove(member.id) != null) {
      rebalancing = true;
      completeIfAllJoined();
    }
  }

  boolean knows(Member member) {
    return members.containsKey(member.id);
  }

  boolean hasMemberOn(String host) {
    return members.values().stream().anyMatch(member -> member.host.name().equals(host));
  }

  int generation() {
    return generation;
  }

  boolean isRebalancing() {
    return rebalancing;
  }

  boolean isCurrent(String memberId, int itsGeneration) {
    return members.containsKey(memberId) && itsGeneration == generation;
  }

  /** The member says what it has and waits for the next generation. */
  void join(Member member, Set<TopicPartition> owned) {
    member.joined = true;
    member.owned = new LinkedHashSet<>(owned);
    rebalancing = true;
    completeIfAllJoined();
  }

  boolean hasJoined(Member member) {
    return member.joined;
  }

  String describe() {
    StringBuilder text = new StringBuilder("generation " + generation + " " + rebalancing);
    members.values().forEach(m -> text.append("\n  ").append(m.id).append(" ").append(m.assigned));
    return text.toString();
  }

  private void heartbeat() {
    for (Member member : List.copyOf(members.values())) {
      if (member.life.isAlive() && !member.host.isFrozen()) {
        member.heardNanos = scheduler.nanoTime();
      } else if (scheduler.nanoTime() - member.heardNanos > SimulatedKafka.SESSION.toNanos()) {
        scheduler.trace().happened("session expired", () -> member.id);
        leave(member);
      }
    }
    scheduler.after(Duration.ofMillis(200), this::heartbeat);
  }

  private void completeIfAllJoined() {
    if (members.isEmpty() || !members.values().stream().allMatch(member -> member.joined)) {
      return;
    }
    generation++;
    rebalancing = false;
    assign();
    members.values().forEach(member -> member.joined = false);
    scheduler.trace().say(this::describe);
  }

  private void assign() {
    Map<TopicPartition, Member> owners = new LinkedHashMap<>();
    for (Member member : members.values()) {
      member.assigned = new LinkedHashSet<>();
      member.owned.forEach(partition -> owners.put(partition, member));
    }
    int quota = (partitions.size() + members.size() - 1) / members.size();
    List<TopicPartition> free = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      Member owner = owners.get(partition);
      if (owner == null) {
        free.add(partition);
      } else if (owner.assigned.size() < quota) {
        owner.assigned.add(partition);
      }
      // Else its owner gives it up now; it is given out in the next generation.
    }
    for (TopicPartition partition : free) {
      members.values().stream()
          .min(Comparator.comparingInt(member -> member.assigned.size()))
          .orElseThrow()
          .assigned
          .add(partition);
    }
  }
}
