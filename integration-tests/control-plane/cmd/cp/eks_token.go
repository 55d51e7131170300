package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// What aws-iam-authenticator, which EKS runs, takes: a URL of at most so many bytes, to a host of STS, with these
// parameters and no others (all compared without regard to case).
const maxToken = 4096

var (
	hosts      = regexp.MustCompile(`^sts(-fips)?(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$`)
	parameters = map[string]bool{
		"action": true, "version": true, "x-amz-algorithm": true, "x-amz-credential": true, "x-amz-date": true, "x-amz-expires": true,
		"x-amz-security-token": true, "x-amz-signature": true, "x-amz-signedheaders": true,
	}
)

// verify returns the access key that signed the token.
func verify(token, cluster string, now time.Time, maxAge time.Duration, users map[string]awsUser) (string, error) {
	signed, err := decode(token)
	if err != nil {
		return "", err
	}
	query := signed.Query()
	if err := checkForm(signed, query); err != nil {
		return "", err
	}
	at, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		return "", err
	}
	if now.Sub(at) > maxAge || at.Sub(now) > 5*time.Minute {
		return "", fmt.Errorf("X-Amz-Date %s is too far from now", at)
	}
	credential := strings.Split(query.Get("X-Amz-Credential"), "/")
	if len(credential) != 5 || credential[3] != "sts" {
		return "", fmt.Errorf("credential scope %q", query.Get("X-Amz-Credential"))
	}
	user, known := users[credential[0]]
	if !known {
		return "", fmt.Errorf("unknown access key %s", credential[0])
	}
	expected := signature(signed.Host, cluster, query, credential[1:], user.secret)
	if !hmac.Equal([]byte(expected), []byte(query.Get("X-Amz-Signature"))) {
		return "", fmt.Errorf("the signature does not match: another secret, or signed for another cluster than %q", cluster)
	}
	return credential[0], nil
}

func decode(token string) (*url.URL, error) {
	encoded, marked := strings.CutPrefix(token, "k8s-aws-v1.")
	if !marked || len(token) > maxToken {
		return nil, fmt.Errorf("not k8s-aws-v1.…, or longer than %d bytes", maxToken)
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded) // a padded one is refused
	if err != nil {
		return nil, err
	}
	return url.Parse(string(text))
}

func checkForm(signed *url.URL, query url.Values) error {
	if signed.Scheme != "https" || signed.Path != "/" || !hosts.MatchString(signed.Host) {
		return fmt.Errorf("not STS: %s://%s%s", signed.Scheme, signed.Host, signed.Path)
	}
	for name, values := range query {
		if !parameters[strings.ToLower(name)] || len(values) != 1 {
			return fmt.Errorf("parameter %s is not expected, or not once", name)
		}
	}
	if query.Get("Action") != "GetCallerIdentity" {
		return fmt.Errorf("action %q", query.Get("Action"))
	}
	if headers := query.Get("X-Amz-SignedHeaders"); headers != "host;x-k8s-aws-id" {
		return fmt.Errorf("signed headers %q", headers)
	}
	if expires, err := strconv.Atoi(query.Get("X-Amz-Expires")); err != nil || expires < 0 || expires > 900 {
		return fmt.Errorf("X-Amz-Expires %q", query.Get("X-Amz-Expires"))
	}
	return nil
}

// signature is what AWS Signature Version 4 gives for the request that the URL stands for. The header x-k8s-aws-id is
// not in the URL: the server adds the name of its own cluster.
func signature(host, cluster string, query url.Values, scope []string, secret string) string {
	var pairs []string
	for name, values := range query {
		if name != "X-Amz-Signature" {
			pairs = append(pairs, escape(name)+"="+escape(values[0]))
		}
	}
	sort.Strings(pairs)
	canonical := strings.Join([]string{
		"GET", "/", strings.Join(pairs, "&"), "host:" + host, "x-k8s-aws-id:" + cluster, "", "host;x-k8s-aws-id", digest(""),
	}, "\n")
	key := []byte("AWS4" + secret)
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", query.Get("X-Amz-Date"), strings.Join(scope, "/"), digest(canonical)}, "\n")
	for _, part := range append(append([]string{}, scope...), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
