package io.spendwatch.protocol;

import java.util.HashMap;
import java.util.Map;

/**
 * The currencies of amounts and how many decimals each has. A table of our own: which records are
 * good, and what a stored amount means, must not depend on the JDK that happens to run.
 *
 * <p>Source: ISO 4217, list one, as published on 2026-09-17, without the codes that have no minor
 * unit (metals, funds of the IMF, XTS, XXX). Codes that list has lost are kept, from those that
 * were in force in 2000 on: rows and records in them exist, and stay readable. A code is never
 * removed and its decimals never change; the database's {@code currency_decimals} has the same
 * table.
 */
final class Currencies {

  private static final String CURRENT_0 =
      "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

  private static final String CURRENT_2 =
      """
      AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
      CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
      GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
      LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
      PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
      SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
      ZWG
      """;

  private static final String CURRENT_3 = "BHD IQD JOD KWD LYD OMR TND";

  private static final String CURRENT_4 = "CLF UYW";

  private static final String RETIRED_0 = "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE ROL TPE TRL";

  private static final String RETIRED_2 =
      """
      AFA ANG ATS AYM AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MZM
      NLG RUR SDD SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR
      """;

  /** Decimals by code. */
  static final Map<String, Integer> FRACTION_DIGITS = table();

  private Currencies() {}

  private static Map<String, Integer> table() {
    var digits = new HashMap<String, Integer>();
    add(digits, CURRENT_0, 0);
    add(digits, CURRENT_2, 2);
    add(digits, CURRENT_3, 3);
    add(digits, CURRENT_4, 4);
    add(digits, RETIRED_0, 0);
    add(digits, RETIRED_2, 2);
    return Map.copyOf(digits);
  }

  private static void add(Map<String, Integer> digits, String codes, int fractionDigits) {
    for (String code : codes.strip().split("\\s+", -1)) {
      if (digits.put(code, fractionDigits) != null) {
        throw new IllegalStateException(code + " twice in the table of currencies");
      }
    }
  }
}
