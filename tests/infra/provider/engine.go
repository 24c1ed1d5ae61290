// The engine's HTTP interface over its unix socket: plain JSON, one call a function.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const apiVersion = "v1.41"
const callLimit = 120 * time.Second

type engine struct {
	client *http.Client
}

// apiError is an answer that is no success.
type apiError struct {
	status  int
	message string
}

func (err *apiError) Error() string { return fmt.Sprintf("%d %s", err.status, err.message) }

func isMissing(err error) bool {
	var answer *apiError
	return errors.As(err, &answer) && answer.status == http.StatusNotFound
}

func openEngine(host string) (*engine, error) {
	path, is := strings.CutPrefix(host, "unix://")
	if !is {
		return nil, fmt.Errorf("host %q: expected unix:///path; the provider for tests speaks nothing else", host)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", path)
	}
	return &engine{client: &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: callLimit}}, nil
}

// call sends a JSON body (none when it is nil) and reads the answer into `into` (not at all when it is nil).
func (engine *engine) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	address := "http://engine/" + apiVersion + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := engine.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	// 304 is the answer to starting what runs and stopping what does not.
	if answer.StatusCode >= 300 && answer.StatusCode != http.StatusNotModified {
		var said struct{ Message string }
		if json.Unmarshal(text, &said) != nil || said.Message == "" {
			said.Message = string(text)
		}
		return &apiError{status: answer.StatusCode, message: strings.TrimSpace(said.Message)}
	}
	if into == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, into)
}
