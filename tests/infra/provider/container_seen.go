// What the engine says of a container, and which fields it fills in or corrects: those that the real provider reads too, so
// that a value which the engine gives back in another form shows as a change in these tests and not at a user's.
package main

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type containerSeen struct {
	ID    string `json:"Id"`
	Name  string
	Image string
	State struct {
		Status  string
		Running bool
		Error   string
		Health  *struct {
			Status string
			Log    []struct{ Output string }
		}
	}
	Config struct {
		Hostname   string
		User       string
		Cmd        []string
		Entrypoint []string
	}
	HostConfig struct {
		ReadonlyRootfs bool
		NetworkMode    string
		RestartPolicy  struct{ Name string }
		SecurityOpt    []string
		Tmpfs          map[string]string
		Memory         int64
		MemorySwap     int64
		NanoCpus       int64
		CapDrop        []string
		LogConfig      struct {
			Type   string
			Config map[string]string
		}
	}
	NetworkSettings struct {
		Networks map[string]struct{}
	}
}

func (with *containerResource) look(ctx context.Context, id string) (*containerSeen, error) {
	var seen containerSeen
	err := with.engine.call(ctx, "GET", "/containers/"+id+"/json", nil, nil, &seen)
	return &seen, err
}

// lastWords say why it is not healthy.
func (seen *containerSeen) lastWords() string {
	words := "it is " + seen.State.Status
	if seen.State.Error != "" {
		words += ", " + seen.State.Error
	}
	if health := seen.State.Health; health != nil && len(health.Log) > 0 {
		words += ", its health check says: " + strings.TrimSpace(health.Log[len(health.Log)-1].Output)
	}
	return words
}

func (seen *containerSeen) fill(model *containerModel) {
	config, host := seen.Config, seen.HostConfig
	model.ID = types.StringValue(seen.ID)
	model.Name = types.StringValue(strings.TrimPrefix(seen.Name, "/"))
	model.Image = types.StringValue(seen.Image)
	model.Hostname = types.StringValue(config.Hostname)
	model.Command = textList(config.Cmd)
	model.Entrypoint = textList(config.Entrypoint)
	model.ReadOnly = types.BoolValue(host.ReadonlyRootfs)
	model.Restart = types.StringValue(host.RestartPolicy.Name)
	model.NetworkMode = types.StringValue(host.NetworkMode)
	model.LogDriver = types.StringValue(host.LogConfig.Type)
	model.User = textOr(model.User, config.User)
	model.SecurityOpts = setOr(model.SecurityOpts, host.SecurityOpt)
	model.Tmpfs = mapOr(model.Tmpfs, host.Tmpfs)
	model.LogOpts = mapOr(model.LogOpts, host.LogConfig.Config)
	model.Memory = numberOr(model.Memory, host.Memory/mebibyte)
	swap := host.MemorySwap
	if swap > 0 {
		swap /= mebibyte
	}
	model.MemorySwap = numberOr(model.MemorySwap, swap)
	if len(model.Capabilities) > 0 || len(host.CapDrop) > 0 {
		model.Capabilities = []capabilitiesModel{{Drop: textSet(host.CapDrop)}}
	}
}

// Where nothing is written and the engine has nothing, nothing stays.

func textOr(written types.String, seen string) types.String {
	if written.IsNull() && seen == "" {
		return written
	}
	return types.StringValue(seen)
}

// The engine fills in memory_swap where only memory is written: every plan would then show a change.
func numberOr(written types.Int64, seen int64) types.Int64 {
	if written.IsNull() && seen == 0 {
		return written
	}
	return types.Int64Value(seen)
}

func setOr(written types.Set, seen []string) types.Set {
	if written.IsNull() && len(seen) == 0 {
		return written
	}
	return textSet(seen)
}

func mapOr(written types.Map, seen map[string]string) types.Map {
	if written.IsNull() && len(seen) == 0 {
		return written
	}
	values := map[string]attr.Value{}
	for key, value := range seen {
		values[key] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, values)
}

func textSet(all []string) types.Set { return types.SetValueMust(types.StringType, valuesOf(all)) }

func textList(all []string) types.List { return types.ListValueMust(types.StringType, valuesOf(all)) }

func valuesOf(all []string) []attr.Value {
	values := []attr.Value{}
	for _, one := range all {
		values = append(values, types.StringValue(one))
	}
	return values
}
