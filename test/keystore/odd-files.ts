/**
 * Files of keys and stores that other programs write and devcert only names. The command stands above each;
 * those of Bouncy Castle by keytool of OpenJDK 17 with bcprov 1.78.1.
 */
export const odd = {
  // openssl genpkey -algorithm SM2 -outform DER: SEC 1
  sm2Key: decode(`
    MHcCAQEEICgP8PWMFAJ79wfdqeQjzx2rX0GmARYUM/byI51s/VqYoAoGCCqBHM9VAYItoUQDQgAEWPR8pOTaBc5A+5NGvb
    tMUJRdfomL+OsILaXh0GSqVqe2/P0ka72IJx/IbeD5z38p2/pYOPHDHLaUxN/N2WwZDg==`),
  // openssl pkey -in sm2.der -pubout -outform DER
  sm2Public: decode(`
    MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEWPR8pOTaBc5A+5NGvbtMUJRdfomL+OsILaXh0GSqVqe2/P0ka72IJx/Ibe
    D5z38p2/pYOPHDHLaUxN/N2WwZDg==`),
  // openssl req -x509 -new -key sm2.der -sm3 -subj /CN=sm2 -days 36500 -outform DER
  sm2Certificate: decode(`
    MIIBdDCCARmgAwIBAgIUfRCaG6vGtmSPLnHzRccLFrCgJAQwCgYIKoEcz1UBg3UwDjEMMAoGA1UEAwwDc20yMCAXDTI2MT
    EyODA4MDIyOVoYDzIxMjYxMTA0MDgwMjI5WjAOMQwwCgYDVQQDDANzbTIwWTATBgcqhkjOPQIBBggqgRzPVQGCLQNCAARY
    9Hyk5NoFzkD7k0a9u0xQlF1+iYv46wgtpeHQZKpWp7b8/SRrvYgnH8ht4PnPfynb+lg48cMctpTE383ZbBkOo1MwUTAdBg
    NVHQ4EFgQUSdSUmq0zv8rDtB8QXFkWwoYLIF0wHwYDVR0jBBgwFoAUSdSUmq0zv8rDtB8QXFkWwoYLIF0wDwYDVR0TAQH/
    BAUwAwEB/zAKBggqgRzPVQGDdQNJADBGAiEAzWeP8il/oLgXHxaXHNfU1K2uPvPu2zaIQrZO6uRCPqQCIQDjrEkF4EjOk2
    xOHy+8/WzumsYRz2qZ2FRpnZVPFEhSOQ==`),
  // openssl req -new -key sm2.der -sm3 -subj /CN=sm2 -outform DER
  sm2Csr: decode(`
    MIHIMHACAQAwDjEMMAoGA1UEAwwDc20yMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEWPR8pOTaBc5A+5NGvbtMUJRdfo
    mL+OsILaXh0GSqVqe2/P0ka72IJx/IbeD5z38p2/pYOPHDHLaUxN/N2WwZDqAAMAoGCCqBHM9VAYN1A0gAMEUCIQCKhdNS
    drTBvAtoO5skfoEnxavWtuiIwxM1pl4BaKY9hwIgENK8BqRI0GchpAFRPKTJDcn5z6kBpVgo8ZPuYgf2eYw=`),
  // openssl pkcs8 -topk8 -in sm2.der -outform DER -passout pass:changeit -iter 1
  sm2Encrypted: decode(`
    MIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAhlZNs4aJEWtAIBATAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAw
    QBKgQQOF8ryOSB7ToJS/8ZwcjqwwSBkJ0lnvYWThbx+52BDfl2s4+nZgaCLGM4rJe9xJRuTwnRFGIukSzDUeYrB/hiO2BK
    5ik6f29l1N25GBU0FntFinHINxzmRGGIdqHiSmaLY6JFUzkk0rjdhC3VgXj2R6WGSqeZ0y6+H2rgea2+/yxbZRm8HMNYf1
    bQaremxLimxi2G+BUjuDcSmiU276lg5yrsHg==`),
  // openssl ca -keyfile ca.key -cert ca.pem -gencrl -crl_lastupdate 20260501000000Z -crl_nextupdate 20260601000000Z, one certificate
  // revoked, by the CA '/CN=Größe €'
  crl: decode(`
    MIHXMH8CAQEwCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLR3LDtsOfZSDigqwXDTI2MDUwMTAwMDAwMFoXDTI2MDYwMTAwMD
    AwMFowJzAlAhROhnPMR+mt2X0Ei1GYhiu99pQ51BcNMjYxMTI4MDgwMjI5WqAPMA0wCwYDVR0UBAQCAhAAMAoGCCqGSM49
    BAMCA0gAMEUCIQDzWHqV69HtYrltvF5efq/z/bFiFiqoRjuA71IvhbNXggIgeFXN9S/OnAG+SStd81teBaFPzIQYpVT1H7
    eXaAS61JE=`),
  // certtool --generate-privkey --key-type dsa --bits 1024
  dsa: decode(`
    MIIBvAIBAAKBgQDT46kn0N/MoaE+MJeoYFMgkJNpnIzGeKy+pUz7WaTAxPTO763iyWuLhWIFyvtHmm1cCHqz82+kUEfBK+
    X6eynVh23A2Dq+4BX/SkkKljsXd3JOYOFWUF4pt+vmv4nkIiZuux1vIcEC+i2JX0jX7/TAfzXMSFbQIQqBNKuPpIsBwwIV
    AK/aNuEz3J7AfS/wy/ju73wS9iaBAoGBAMSh5vPDNko2B5Vuz7Sj11z9NvEWF/1NIhpFQQf/qJM4QRI3u3MrE0ePwspSAI
    9dig3Yv579f0glXO2wnYxtwZWKbMMH8rhHUjL8BhhliiveP1MdFA6VrvbZTRMe7ehcu+GCgDJnrJwjHaC9tnOpnHvaAxxH
    C3JnsEGHf7SG3NGXAoGBAM6dbuBHtPfhgfZ16wl4pPFlPUyi8VqxRJyhocHcTuwofMoeHp9w6odID2JplxXA5l27EIbnNa
    /O+n4u/vhtvzWULj+sOT2aaeBwBDjozku/s1nvYTiBpUVHFOgR+lilr1zebyV0nndMPymIP7DYK5VybU3gVsAmm8Z4xITK
    3ogcAhQot+WUntE7phoPwiqC6k03VQVv6A==`),
  // keytool -importcert -alias x -file c.pem -storetype BKS -storepass changeit -providerpath bcprov.jar -provider …
  bks: decode(`
    AAAAAgAAABTvMfnftAnkRJxurRI5iGOZr57pWgAAB8IBAAF4AAABoiEsZR8AAAAAAAVYLjUwOQAAAXEwggFtMIIBE6ADAg
    ECAhR/OjLM51TEl721+fLnq3O7YXwD/DAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF4MB4XDTI2MTEyODA4MDEyNFoXDTM2
    MTEyNTA4MDEyNFowDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO7W5hYBMDZMBg2XytUhkD5BK6
    nSGF8lmJJhi1NrLGUZOWXBZwy3BShUiVJzKsXrxgWSfjQ4gXAzegZnSs2AIWqjUzBRMB0GA1UdDgQWBBR/uVgZzs/AxDJ6
    J8PaehW8H6LTszAfBgNVHSMEGDAWgBR/uVgZzs/AxDJ6J8PaehW8H6LTszAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BA
    MCA0gAMEUCIFJe95QiHh1PaSAB44m2jL8QG87+qDtaq2klaAWcAE0PAiEAsbwkvSTFUJEQn3Pn6aAbn6td2LwlT++ObVk5
    eOMdLCoAku/7I2J1aR/slMUs9OMoX6ZKwXw=`),
  // the same with -storetype UBER
  uber: decode(`
    AAAAAQAAABTLWZ9hpKoj1JBus+dxN4pUXqKrogAABFXfYZugYVTsIAgznm0LDHmu4GEqWyJ3zh809qE20BEGNNv6nmPgbN
    2XoDYkascksi8xnEmZRj8ulcvdmSBZRNI8jA3y+TlPOlP6Fgs9KR+Y9W5zCRZ8wZQrByrvCeKksDEnltQrH3QMpvs7hbaA
    tU2CHkFMQYypJN3Zy02RV5OlLJo9CuH9i1FSWfgf+WhD/jFw1vMnUJKv3Kxke6MO8ytaYVIT4Bj8njGzevFNlqTQaoIibK
    4yW4j0CChaw9FFHqxpat3y3EwwlfONd4H2KID+vwhioEz/SJwK+/zN9lDutViv/SfKvO3eqskbjVDGQRm/I1aF6jc3ur9N
    Bu5Tcvi8XQF29o61f7Gfal9/nuuY24OxJf60EHOAgucrTHatce4jOMaGu92QpG0Bql92CXqXvzu+yTyupmF01adhjA4T3A
    YCrHhRdYiPVZ3/vnD3cfdrXyFm4F8P7JOtrPBPHypYUG1dn7vuOxazqBL4zUMCZ/a9NG2tdMAwncWo6AVu4YXl9yeoTmTF
    nLVMmGiIuq++94JDgbi4PPp1ZorEj3kwhdL9xVvCovWIRAXIkh2ctpI=`),
  // the same with -storetype BCFKS
  bcfks: decode(`
    MIIDPjCCAoAwgZUGCSqGSIb3DQEFDTCBhzBlBgkqhkiG9w0BBQwwWARA5WE4q5JfMYD7ZnxH3AaxTE7JYR2cO0Rmfgjzrv
    DUAOt8VF5cBZFvccDvzVsiS709DBJ3gVVvVa/sGsXQISs45gIDAMgAAgEgMAwGCCqGSIb3DQILBQAwHgYJYIZIAWUDBAEv
    MBEEDJ+eCdtQmKP03lEXYQIBCASCAeQRaSYMxTjd81totZMr8Utvj5ode62rVVwUmcUHJVJM2VHNgChvBGrm1NGpH8CzvP
    xB8jDDhF0cAeZ1++wK+bq4tyGrdA60hoH5rzqN625x8jhnsfO6KK8T83pdrQK4Zis2zR9ZS+TmUcS2FMN8BAKDmOUxuhGo
    7oJ2uh+7oyLBQp6P0bSjjPPvRD4RJxi1GE2Qw/9ri4ZHRQ/frIBvAC/SdYXldcC65wZvfKCNRpJA8UVmKlWSW3kxqzJDQn
    p9qQp2zmmfm/+DENsFCFHHrLK4O2ZRSUlDPPLxwcn+FC3qwHZVIfub1Gp9+c3p51ReFDyP0PN7hI6jbfphwmazLJkYJK+h
    Sirde+8428OIifscqJDvMKghYxVbFnFsb3TQU6xZX4ctEM945JpTt/5vAGrTWgam87SPiBrnjdIf7NMOTfQuDOWq4DGvWY
    +myxyR4MP0TChq0neNFB7CqiGpMVThb1i+z5sEB2LbYamG+bNcKfz0SvIe6hGRionBAaXndoBDOOXdkV1c7fgTNek3bW2g
    ZXZXG3cWJaAdzafk5qacyt6lTaiRHRAVW/qpT4HTrHDmcUBKEr0X1w72/ESGmKdvPDnPCh+SIJnRYxzlnL8uaqQ+MgJJWY
    FmPMPqb3OL7slaEggPMIG3MAwGCCqGSIb3DQILBQAwZQYJKoZIhvcNAQUMMFgEQA2pgdCu8N9ZUlNQlp9IFv//V1w4BZCc
    UjbHcWpErT76k/TorTTufz+4i/sq3Z8D45eWUvKMKt7exDBSv+CDBzYCAwDIAAIBQDAMBggqhkiG9w0CCwUABEDh7gnKOA
    igAkWryAE0i3RWt2IyiF02aBY3i3gBlxyu57l4v9hANYiz5arHQqhzfegIjYzx/2vaigeCl8L7HXWO`),
  // ssh-keygen -t ed25519 -N '' -C ''
  openSsh: decode(`
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACAZz0ltgTv7r1
    Iw5b/9NfLQCnVb+U4iEPCtjNPqSmAf5gAAAIinOm/Upzpv1AAAAAtzc2gtZWQyNTUxOQAAACAZz0ltgTv7r1Iw5b/9NfLQ
    CnVb+U4iEPCtjNPqSmAf5gAAAECVboWP/ueyxKeOr6SpoBPq30d66TTh7XjNR2H198M5QhnPSW2BO/uvUjDlv/018tAKdV
    v5TiIQ8K2M0+pKYB/mAAAAAAECAwQF`),
  // ssh-keygen -t ecdsa -N secret -C ''
  openSshEncrypted: decode(`
    b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDgSlt4IGJz4rL9wEt+3zg3AAAAEAAAAA
    EAAABoAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFXbDedlTUYyEQsLtEcjCQNQAPCsIqEnIetK
    UOcKPvKBsMEAhgwxACjmBnJYj+kRSPrxbvb/5da1EnB0QVN19Z8AAACgkQut4SgQ0ggGnDQeX3GPt/lbUyXzATOH/hIpb8
    YvYbf6vXoU24UhNR9SsprcszwefPRchgpTENC9uXn1j5KSxTGELN7Ek4F42RapwRodiwBhyi1d9JT5Fp/pPmcPCNZ3Kv+2
    R6fyiF0VAQC8NhkX+Cip06QqV5Ionyb+OGXfzQ2M7IxHHfpL1rRsFRzIqBAXbdKA7eZkMJCe912zmqGgrg==`),
  // KeyStore.setKeyEntry() of OpenJDK 17: storepass opens the store, keypass1 the key, 1000 iterations each
  ownPassword: decode(`
    MIIEWQIBAzCCBAMGCSqGSIb3DQEHAaCCA/QEggPwMIID7DCCAWMGCSqGSIb3DQEHAaCCAVQEggFQMIIBTDCCAUgGCyqGSI
    b3DQEMCgECoIH+MIH7MGYGCSqGSIb3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBSav3WW8OIvs6sld+4vxI9EQncppwICA+gC
    ASAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEEwk3lvtV3fDdwfvp7uXuwoEgZBk8wFpIFjy6/oUOEy3E5eEYQ/vUj
    v33Kj49pKdSpVh1Z8LTZC6U5dIKJMNcTbjFK8AK27HRMb1Q8X3aVSCMj7iueFbXfHodeakrb9VD1jtNvGH1STYC0NJxu9e
    dA1bNe4d6CL1uFx6m6yjwkHXtzjx0jdDIyftR8m99UcKGCMHXxnctqHLQ3lWoXgVtHMZdQcxODATBgkqhkiG9w0BCRQxBh
    4EAGMAYTAhBgkqhkiG9w0BCRUxFAQSVGltZSAxNzk1ODU3ODg4Njk5MIICgQYJKoZIhvcNAQcGoIICcjCCAm4CAQAwggJn
    BgkqhkiG9w0BBwEwZgYJKoZIhvcNAQUNMFkwOAYJKoZIhvcNAQUMMCsEFIRWzpCIXf0+2uy5MoTNwA90D/lsAgID6AIBID
    AMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQEzpXFEzzWHMRGHqM0pym5oCCAfAIXTPl07KUnnKYXsgNKGq9xrc47kdJ
    YEvUlfPSJycvKQICycnlHESNt1+MgvsXmkVWZckpZC8+Eb+2G3fiNXH8ILOnWG7Q/Syd8Iw9OQD3QT5ICqBhRnnrdxJEnK
    1D0NKYyJqm1YzvmRQ3ZIAjGELSiX3AafSQtsjYYEg/iFEYuV9XXeXd6kgLnyfDpXygjazUiOUiBvF665kjfzh2HXgBDyok
    iRinurX9CyrdC86KNoGjMBIhBkUL5e2VtaCZCZp1HZfIUNh3/15nu+ivfD16KAwoDuV2W0dMo/ZpbX2JS6T1/uX2awzEZy
    /FpJym+vKFixMlzicRg2j9+sxEBrsNa5NFZPdmo5H4kqCoTv9lJ7l5/FtWosZI0LEAJoTsoG9aHoH5mafAswaPJmRtWUYl
    WE2/nv8fxDBaV/A3MyObXpXw4JgqWZxEm/YZuxDqYpsUgxw9MCnDdjyrXe9qHITtCQsXllPsMCyGmZCRANHPZSLOcPWVhB
    mSfulxrdgKlue2u1JPY6XYoi86KPpC5eLQO8SV0PMaGW2uqj9GnM56UTmGBahXNQa/gI/TmBdV74y8xSQzXeZ01JG5ojEp
    iIMokImmtOxwUHUi6CpUOA7pD/QGNE2IGQHaR9IHCaz0D0wRcnphlYTWQXhrvP3fVJwlME0wMTANBglghkgBZQMEAgEFAA
    Qgg+jjlrHBiBjYFKzTRREIgxCaWnyh5Azrf4l22+LsalAEFCX7UbJW0x77eZu1YE9pVHScdm2iAgID6A==`),
};

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
