// From the fields of a docker_container to what the engine is asked for.
package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const mebibyte = 1024 * 1024

// body is what POST /containers/create takes; an error names the field.
func (model *containerModel) body(ctx context.Context) (map[string]any, error) {
	if len(model.Capabilities) > 1 || len(model.Healthcheck) > 1 {
		return nil, fmt.Errorf("capabilities and healthcheck: expected one block at most")
	}
	if !strings.HasPrefix(model.Image.ValueString(), "sha256:") {
		return nil, fmt.Errorf("image %s: expected the image_id of a docker_image", model.Image.ValueString())
	}
	host, err := model.hostConfig(ctx)
	if err != nil {
		return nil, err
	}
	volumes, binds, err := model.volumes()
	if err != nil {
		return nil, err
	}
	host["Binds"] = binds
	body := map[string]any{
		"Image": model.Image.ValueString(), "Hostname": known(model.Hostname), "User": model.User.ValueString(),
		"Env": texts(ctx, model.Env), "Labels": labelsOf(model.Labels), "Volumes": volumes, "HostConfig": host,
	}
	if !model.Command.IsUnknown() && !model.Command.IsNull() {
		body["Cmd"] = texts(ctx, model.Command)
	}
	if !model.Entrypoint.IsUnknown() && !model.Entrypoint.IsNull() {
		body["Entrypoint"] = texts(ctx, model.Entrypoint)
	}
	if !model.StopTimeout.IsNull() {
		body["StopTimeout"] = model.StopTimeout.ValueInt64()
	}
	exposed := map[string]any{}
	for _, port := range model.Ports {
		exposed[portKey(port)] = struct{}{}
	}
	body["ExposedPorts"] = exposed
	for _, check := range model.Healthcheck {
		if body["Healthcheck"], err = check.body(ctx); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func (model *containerModel) hostConfig(ctx context.Context) (map[string]any, error) {
	bindings := map[string][]map[string]string{}
	for _, port := range model.Ports {
		external := ""
		if !port.External.IsNull() {
			external = strconv.FormatInt(port.External.ValueInt64(), 10)
		}
		bindings[portKey(port)] = append(bindings[portKey(port)], map[string]string{
			"HostIp": port.IP.ValueString(), "HostPort": external,
		})
	}
	host := map[string]any{
		"ReadonlyRootfs": model.ReadOnly.ValueBool(), "NetworkMode": model.NetworkMode.ValueString(),
		"RestartPolicy": map[string]any{"Name": model.Restart.ValueString()},
		"SecurityOpt":   texts(ctx, model.SecurityOpts), "Tmpfs": textMap(ctx, model.Tmpfs),
		"LogConfig":    map[string]any{"Type": known(model.LogDriver), "Config": textMap(ctx, model.LogOpts)},
		"PortBindings": bindings, "Memory": model.Memory.ValueInt64() * mebibyte, "MemorySwap": swapBytes(model.MemorySwap),
	}
	for _, one := range model.Capabilities {
		host["CapDrop"] = texts(ctx, one.Drop)
	}
	if !model.CPUs.IsNull() {
		cpus, err := strconv.ParseFloat(model.CPUs.ValueString(), 64)
		if err != nil {
			return nil, fmt.Errorf("cpus %q: expected a number", model.CPUs.ValueString())
		}
		host["NanoCpus"] = int64(cpus * 1e9)
	}
	return host, nil
}

// volumes are anonymous where only a path inside is given.
func (model *containerModel) volumes() (map[string]any, []string, error) {
	anonymous, binds := map[string]any{}, []string{}
	for _, use := range model.Volumes {
		path, source := use.Path.ValueString(), use.Volume.ValueString()
		if source == "" {
			source = use.HostPath.ValueString()
		} else if !use.HostPath.IsNull() {
			return nil, nil, fmt.Errorf("volumes %s: expected volume_name or host_path, got both", path)
		}
		switch {
		case path == "":
			return nil, nil, fmt.Errorf("volumes: expected container_path")
		case source == "":
			anonymous[path] = struct{}{}
		default:
			access := "rw"
			if use.ReadOnly.ValueBool() {
				access = "ro"
			}
			binds = append(binds, source+":"+path+":"+access)
		}
	}
	return anonymous, binds, nil
}

func (check *healthcheckModel) body(ctx context.Context) (map[string]any, error) {
	body := map[string]any{"Test": texts(ctx, check.Test), "Retries": check.Retries.ValueInt64()}
	for name, value := range map[string]types.String{
		"Interval": check.Interval, "Timeout": check.Timeout, "StartPeriod": check.StartPeriod,
	} {
		if value.IsNull() {
			continue
		}
		duration, err := time.ParseDuration(value.ValueString())
		if err != nil {
			return nil, fmt.Errorf("healthcheck: %s %q: expected a duration such as 5s", name, value.ValueString())
		}
		if duration.String() != value.ValueString() {
			return nil, fmt.Errorf("healthcheck: %s %q: the engine says %s, so that every plan would show a change",
				name, value.ValueString(), duration)
		}
		body[name] = int64(duration)
	}
	return body, nil
}

func portKey(port portModel) string { return fmt.Sprintf("%d/tcp", port.Internal.ValueInt64()) }

func swapBytes(value types.Int64) int64 {
	if value.ValueInt64() > 0 {
		return value.ValueInt64() * mebibyte
	}
	return value.ValueInt64()
}

func known(value types.String) string {
	if value.IsUnknown() {
		return ""
	}
	return value.ValueString()
}

// texts of a list or set; empty, never null, where there is none.
func texts(_ context.Context, value interface {
	Elements() []attr.Value
}) []string {
	all := []string{}
	for _, element := range value.Elements() {
		if text, is := element.(types.String); is {
			all = append(all, text.ValueString())
		}
	}
	return all
}

func textMap(_ context.Context, value types.Map) map[string]string {
	all := map[string]string{}
	for key, element := range value.Elements() {
		if text, is := element.(types.String); is {
			all[key] = text.ValueString()
		}
	}
	return all
}
