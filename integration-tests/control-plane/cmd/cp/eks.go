package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	authenticationv1 "k8s.io/api/authentication/v1"
)

// startEKSAuthentication starts what stands behind the API server of an EKS cluster, and returns the flags that make the
// API server ask it about tokens.
func (s *supervisor) startEKSAuthentication(o *options) ([]string, error) {
	dir := s.path("certs", "eks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return nil, err
	}
	if err := ca.serving("webhook", "127.0.0.1"); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	args := []string{"--listen", address, "--cluster", o.eksCluster, "--token-age", o.eksTokenAge.String(),
		"--certificate", dir + "/webhook.crt", "--key", dir + "/webhook.key"}
	for _, user := range o.awsUsers {
		args = append(args, "--aws-user", user)
	}
	if err := s.start("eks-authentication", args...); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: eks\ncontexts: [{name: eks, context: {cluster: eks, user: eks}}]\nusers: [{name: eks}]\n"+
		"clusters: [{name: eks, cluster: {server: %q, certificate-authority: %q}}]\n", "https://"+address+"/authenticate", dir+"/ca.crt")
	if err := os.WriteFile(dir+"/webhook.kubeconfig", []byte(config), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"--authentication-token-webhook-config-file=" + dir + "/webhook.kubeconfig",
		"--authentication-token-webhook-version=v1",
		"--authentication-token-webhook-cache-ttl=0s", // each request is looked at, so that an old token is refused at once
	}, nil
}

// awsUser is who a signature by a key stands for.
type awsUser struct {
	secret, name string
	groups       []string
}

// eksAuthentication answers TokenReviews about tokens of Amazon EKS. The real one lets STS check the signature, which
// knows every key; this one knows a few and checks it by itself.
func eksAuthentication(args []string) error {
	flags := pflag.NewFlagSet("eks-authentication", pflag.ContinueOnError)
	listen := flags.String("listen", "", "HOST:PORT")
	certificate := flags.String("certificate", "", "of this server")
	key := flags.String("key", "", "of this server")
	cluster := flags.String("cluster", "", "the name that tokens must be signed for")
	age := flags.Duration("token-age", 15*time.Minute, "how old a token may become")
	list := flags.StringArray("aws-user", nil, "KEY=SECRET=USER=GROUP,GROUP")
	if err := flags.Parse(args); err != nil {
		return err
	}
	users := map[string]awsUser{}
	for _, user := range *list {
		parts := strings.SplitN(user, "=", 4)
		if len(parts) != 4 {
			return fmt.Errorf("--aws-user %s: not KEY=SECRET=USER=GROUP,GROUP", user)
		}
		users[parts[0]] = awsUser{parts[1], parts[2], strings.Split(parts[3], ",")}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/authenticate", func(w http.ResponseWriter, r *http.Request) {
		var review authenticationv1.TokenReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		id, err := verify(review.Spec.Token, *cluster, time.Now(), *age, users)
		if err != nil {
			fmt.Fprintln(os.Stderr, "refused:", err)
			review.Status = authenticationv1.TokenReviewStatus{Error: err.Error()}
		} else {
			user := users[id]
			review.Status = authenticationv1.TokenReviewStatus{Authenticated: true,
				User: authenticationv1.UserInfo{Username: user.name, UID: "aws:" + id, Groups: user.groups}}
		}
		review.Spec = authenticationv1.TokenReviewSpec{}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	})
	return http.ListenAndServeTLS(*listen, *certificate, *key, mux)
}
