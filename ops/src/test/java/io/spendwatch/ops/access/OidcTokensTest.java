package io.spendwatch.ops.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens as an issuer gives them, and as somebody would who is none. */
class OidcTokensTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String ISSUER = "https://issuer.example/realms/bank";
  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

  private static RSAKey rsa;
  private static ECKey ec;
  private static RSAKey foreign;

  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  @TempDir private Path directory;

  @BeforeAll
  static void makeKeys() throws JOSEException {
    rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    foreign = new RSAKeyGenerator(2048).keyID("rsa").generate();
  }

  @Test
  void knowsWhomItsIssuerVouchesFor() throws Exception {
    Callers callers = callers(file(rsa, ec));
    assertThat(callers.of(byRsa(rsa, claims(_ -> {})))).hasValue(new Caller("anna", Role.ANALYST));
    SignedJWT byEc =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("ec").build(), claims(_ -> {}));
    byEc.sign(new ECDSASigner(ec));
    assertThat(callers.of(byEc.serialize())).hasValue(new Caller("anna", Role.ANALYST));
  }

  @Test
  void takesTheGreatestRoleAndNoneForNoRole() throws Exception {
    Callers callers = callers(file(rsa));
    assertThat(
            callers.of(
                byRsa(
                    rsa,
                    claims(
                        claim ->
                            claim.claim(
                                "realm_access",
                                roles("spendwatch-viewer", "spendwatch-operator"))))))
        .hasValue(new Caller("anna", Role.OPERATOR));
    assertThat(
            callers.of(
                byRsa(
                    rsa,
                    claims(
                        claim ->
                            claim.claim("realm_access", Map.of("roles", "x spendwatch-viewer"))))))
        .hasValue(new Caller("anna", Role.VIEWER));
    assertThat(
            callers.of(byRsa(rsa, claims(claim -> claim.claim("realm_access", roles("operator"))))))
        .isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.claim("realm_access", null)))))
        .isEmpty();
  }

  @Test
  void refusesWhatIsNotOfItsIssuerForUsAndNow() throws Exception {
    Callers callers = callers(file(rsa));
    assertThat(callers.of(byRsa(foreign, claims(_ -> {})))).as("by another key").isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.issuer("https://other.example")))))
        .as("another issuer")
        .isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.audience("other")))))
        .as("for somebody else")
        .isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.expirationTime(at(-3600))))))
        .as("expired")
        .isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.expirationTime(null)))))
        .as("for ever")
        .isEmpty();
    assertThat(callers.of(byRsa(rsa, claims(claim -> claim.notBeforeTime(at(3600))))))
        .as("not yet")
        .isEmpty();
    assertThat(callers.of(new PlainJWT(claims(_ -> {})).serialize())).as("unsigned").isEmpty();
    // The public key taken for a secret that both have.
    SignedJWT confused =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(), claims(_ -> {}));
    confused.sign(new MACSigner(rsa.toRSAPublicKey().getEncoded()));
    assertThat(callers.of(confused.serialize())).as("by the public key").isEmpty();
    String good = byRsa(rsa, claims(_ -> {}));
    String payload = good.substring(0, good.lastIndexOf('.'));
    String other = byRsa(rsa, claims(claim -> claim.subject("root")));
    assertThat(callers.of(payload + other.substring(other.lastIndexOf('.'))))
        .as("tampered")
        .isEmpty();
    for (String none :
        List.of("", "a.b", "a.b.c", "..", good + "x", good + ".x", "x".repeat(100_000))) {
      assertThat(callers.of(none)).isEmpty();
    }
  }

  @Test
  void whatWasKnownIsForgottenWhenItExpires() throws Exception {
    Callers callers = callers(file(rsa));
    String token = byRsa(rsa, claims(_ -> {}));
    assertThat(callers.of(token)).isPresent();
    now.set(NOW.plusSeconds(299));
    assertThat(callers.of(token)).isPresent();
    // A minute for clocks that are apart.
    now.set(NOW.plusSeconds(361));
    assertThat(callers.of(token)).isEmpty();
  }

  /** A key that was withdrawn vouches for nobody, not even for whom it did before. */
  @Test
  void newKeysAreFetchedAndWithdrawnOnesForgotten() throws Exception {
    var served = new AtomicReference<>("");
    var asked = new AtomicInteger();
    HttpServer issuer =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/keys",
        exchange -> {
          asked.incrementAndGet();
          byte[] body = served.get().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(
              body.length == 0 ? 503 : 200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    issuer.start();
    try {
      Callers callers = callers("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
      String first = byRsa(rsa, claims(_ -> {}));
      assertThat(callers.of(first)).as("before the issuer could be asked").isEmpty();
      served.set(new JWKSet(rsa).toString());
      awaitLater(() -> callers.of(first).isPresent());
      served.set(new JWKSet(foreign).toString());
      awaitLater(() -> callers.of(first).isEmpty());
      // However many tokens of unknown keys come: once in ten seconds.
      int before = asked.get();
      for (int i = 0; i < 1_000; i++) {
        assertThat(callers.of(byOther(i))).isEmpty();
      }
      assertThat(asked.get() - before).isLessThanOrEqualTo(1);
    } finally {
      issuer.stop(0);
    }
  }

  @Test
  void keysThatAnybodyOnTheWayCouldChangeAreNotTaken() {
    assertThatThrownBy(() -> config("http://issuer.example/keys"))
        .hasMessageContaining("spendwatch.http.access.oidc.keys");
    assertThatThrownBy(() -> callers("/nowhere/keys.json"))
        .hasMessageContaining("/nowhere/keys.json");
  }

  private void awaitLater(Callable<Boolean> condition) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              now.set(now.get().plusSeconds(1));
              return condition.call();
            });
  }

  private static String byOther(int id) {
    return "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vbmUifQ." + "eyJzdWIiOiJ4In0." + "AAA" + id % 10;
  }

  private Callers callers(String keys) {
    return OidcTokens.start("keys", config(keys), now::get);
  }

  private static AccessConfig.Oidc config(String keys) {
    return new AccessConfig.Oidc(
        ISSUER,
        "spendwatch",
        keys,
        Duration.ofSeconds(30),
        "sub",
        "realm_access.roles",
        Map.of(
            Role.VIEWER, "spendwatch-viewer",
            Role.ANALYST, "spendwatch-analyst",
            Role.OPERATOR, "spendwatch-operator"));
  }

  private String file(JWK... keys) throws IOException {
    return Files.writeString(directory.resolve("keys.json"), new JWKSet(List.of(keys)).toString())
        .toString();
  }

  private static Map<String, Object> roles(String... roles) {
    return Map.of("roles", List.of(roles));
  }

  private static JWTClaimsSet claims(Consumer<JWTClaimsSet.Builder> change) {
    var claims =
        new JWTClaimsSet.Builder()
            .issuer(ISSUER)
            .audience("spendwatch")
            .subject("anna")
            .expirationTime(at(300))
            .claim("realm_access", roles("else", "spendwatch-analyst"));
    change.accept(claims);
    return claims.build();
  }

  private static Date at(long seconds) {
    return Date.from(NOW.plusSeconds(seconds));
  }

  private static String byRsa(RSAKey key, JWTClaimsSet claims) throws JOSEException {
    var token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(), claims);
    token.sign(new RSASSASigner(key));
    return token.serialize();
  }
}
