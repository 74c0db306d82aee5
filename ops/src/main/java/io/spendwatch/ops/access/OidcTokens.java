package io.spendwatch.ops.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.spendwatch.streams.base.Renewed;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens of an issuer (JWT): signed by one of its keys, for our audience, not expired. The keys are
 * looked at behind the callers' backs; a token by a key that nobody knows has them looked at
 * sooner. A token is checked once (2 ms of a processor), and then known until it expires or the
 * keys change. Thread-safe; only the start blocks.
 */
final class OidcTokens implements Callers {
  private static final Logger LOG = LoggerFactory.getLogger(OidcTokens.class);

  /** Of keys: none that who checks a token could make one with. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private static final int TIMEOUT_MS = 5_000;
  private static final int KEYS_BYTES_MAX = 1024 * 1024;
  private static final int TOKEN_LENGTH_MAX = 16 * 1024;

  /** Tokens that are known; beyond, all are checked anew. */
  private static final int KNOWN_MAX = 10_000;

  private final AccessConfig.Oidc config;
  private final InstantSource clock;
  private final Renewed<Checked> keys;

  /** The keys, and whom they have vouched for. */
  private record Checked(
      DefaultJWTProcessor<SecurityContext> processor, Map<String, Known> known) {}

  /**
   * Somebody who has been checked.
   *
   * @param untilMs when the token expires
   */
  private record Known(Caller caller, long untilMs) {}

  private OidcTokens(String setting, AccessConfig.Oidc config, InstantSource clock) {
    this.config = config;
    this.clock = clock;
    this.keys =
        AccessConfig.isFile(config.keys())
            ? Renewed.ofFiles(
                setting,
                List.of(config.keys()),
                () -> checkedBy(ofFile(setting, config.keys())),
                config.interval(),
                clock)
            : Renewed.each(
                setting, new Fetched(URI.create(config.keys()))::next, config.interval(), clock);
  }

  /**
   * Reads the keys. Blocks. Where they come over the network and cannot be had, nobody is known
   * until they can.
   *
   * @param setting that names them, for people
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  static OidcTokens start(String setting, AccessConfig.Oidc config, InstantSource clock) {
    return new OidcTokens(setting, config, clock);
  }

  @Override
  public Optional<Caller> of(String token) {
    if (token.length() > TOKEN_LENGTH_MAX || !isJwt(token)) {
      return Optional.empty();
    }
    Checked checked = keys.get();
    String hash = AccessFile.hash(token);
    Known known = checked.known().get(hash);
    if (known != null && clock.millis() < known.untilMs()) {
      return Optional.of(known.caller());
    }
    try {
      JWTClaimsSet claims = checked.processor().process(token, null);
      Optional<Caller> caller = caller(claims);
      caller.ifPresent(
          found -> {
            if (checked.known().size() >= KNOWN_MAX) {
              checked.known().clear();
            }
            long untilMs = claims.getExpirationTime().toInstant().toEpochMilli();
            checked.known().put(hash, new Known(found, untilMs));
          });
      return caller;
    } catch (ParseException | BadJOSEException | JOSEException e) {
      keys.lookSoon();
      LOG.atDebug().addKeyValue("reason", e.getMessage()).log("A token was refused");
      return Optional.empty();
    }
  }

  /** Three parts with dots between. */
  private static boolean isJwt(String token) {
    return token.chars().filter(character -> character == '.').count() == 2;
  }

  /** Empty for who has no role here. */
  private Optional<Caller> caller(JWTClaimsSet claims) {
    List<String> theirs = words(claim(claims.getClaims(), config.rolesClaim()));
    Object name = claim(claims.getClaims(), config.nameClaim());
    Optional<Caller> caller =
        Arrays.stream(Role.values())
            .filter(role -> theirs.contains(config.roles().get(role)))
            .max(Comparator.naturalOrder())
            .map(role -> new Caller(name == null ? "unnamed" : name.toString(), role));
    if (caller.isEmpty()) {
      LOG.atDebug().addKeyValue("name", name).log("A token has none of our roles");
    }
    return caller;
  }

  private static Object claim(Map<String, Object> claims, String path) {
    Object value = claims.get(path);
    if (value != null) {
      return value;
    }
    int dot = path.indexOf('.');
    if (dot > 0 && claims.get(path.substring(0, dot)) instanceof Map<?, ?> inner) {
      Map<String, Object> named = new HashMap<>();
      inner.forEach((key, each) -> named.put(key.toString(), each));
      return claim(named, path.substring(dot + 1));
    }
    return null;
  }

  /** Of a list, or of a text with spaces between. */
  private static List<String> words(Object claim) {
    return switch (claim) {
      case null -> List.of();
      case Collection<?> list -> list.stream().map(String::valueOf).toList();
      case Object text -> Stream.of(text.toString().split(" ", -1)).toList();
    };
  }

  private Checked checkedBy(JWKSet set) {
    var processor = new DefaultJWTProcessor<SecurityContext>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(ALGORITHMS, new ImmutableJWKSet<>(set)));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            config.audience(),
            new JWTClaimsSet.Builder().issuer(config.issuer()).build(),
            Set.of("exp")) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        });
    return new Checked(processor, new ConcurrentHashMap<>());
  }

  private static JWKSet ofFile(String setting, String file) {
    try {
      return JWKSet.parse(Files.readString(Path.of(file)));
    } catch (IOException | ParseException e) {
      throw new IllegalArgumentException(
          setting + ": " + file + " is no JWK set that can be read", e);
    }
  }

  /** Keys that come over the network; those of before are good as long as they are the same. */
  private final class Fetched {
    private final URI address;
    private String text = "";
    private Checked checked = checkedBy(new JWKSet());
    private boolean tried;

    Fetched(URI address) {
      this.address = address;
    }

    Checked next() {
      try {
        String now = fetched();
        if (!now.equals(text)) {
          checked = checkedBy(JWKSet.parse(now));
          text = now;
        }
      } catch (IOException | ParseException e) {
        if (tried) {
          throw new IllegalArgumentException(address + ": " + e.getMessage(), e);
        }
        LOG.atWarn()
            .addKeyValue("address", address)
            .addKeyValue("reason", e.getMessage())
            .log("No keys of the issuer yet: its tokens are refused until they can be had");
      }
      tried = true;
      return checked;
    }

    private String fetched() throws IOException {
      URLConnection connection = address.toURL().openConnection();
      connection.setConnectTimeout(TIMEOUT_MS);
      connection.setReadTimeout(TIMEOUT_MS);
      connection.setUseCaches(false);
      try (InputStream in = connection.getInputStream()) {
        byte[] body = in.readNBytes(KEYS_BYTES_MAX + 1);
        if (body.length > KEYS_BYTES_MAX) {
          throw new IOException("more than " + KEYS_BYTES_MAX + " bytes");
        }
        return new String(body, UTF_8);
      }
    }
  }
}
