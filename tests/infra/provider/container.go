// docker_container: made, joined to its networks, started, and waited for where that is asked; memory and the restart policy
// change in place, everything else makes it anew.
package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

type containerResource struct{ withEngine }

const lookEvery = 100 * time.Millisecond

func (*containerResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "docker_container"
}

func (with *containerResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model containerModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	name := model.Name.ValueString()
	id, err := with.make(ctx, &model)
	if err != nil {
		response.Diagnostics.AddError("the container "+name+" was not made", err.Error())
		if id != "" {
			// What is half made would be in the way of the next attempt.
			if err := with.remove(ctx, id, 0); err != nil {
				response.Diagnostics.AddError("the container "+name+" was not removed again", err.Error())
			}
		}
		return
	}
	seen, err := with.look(ctx, id)
	if err != nil {
		response.Diagnostics.AddError("the container "+name+" cannot be read", err.Error())
		return
	}
	seen.fill(&model)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

// make answers the id as soon as there is one, with the error of what came later.
func (with *containerResource) make(ctx context.Context, model *containerModel) (string, error) {
	body, err := model.body(ctx)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"Id"`
	}
	name := url.Values{"name": {model.Name.ValueString()}}
	if err := with.engine.call(ctx, "POST", "/containers/create", name, body, &made); err != nil {
		return "", err
	}
	if err := with.join(ctx, made.ID, model.Networks); err != nil {
		return made.ID, err
	}
	if !model.Start.ValueBool() {
		return made.ID, nil
	}
	if err := with.engine.call(ctx, "POST", "/containers/"+made.ID+"/start", nil, nil, nil); err != nil {
		return made.ID, err
	}
	if model.Wait.ValueBool() {
		return made.ID, with.untilHealthy(ctx, made.ID, time.Duration(model.WaitTimeout.ValueInt64())*time.Second)
	}
	return made.ID, nil
}

// join takes the container out of the default bridge, as the real provider does, and into the networks that are asked for.
func (with *containerResource) join(ctx context.Context, id string, networks []networkUseModel) error {
	if len(networks) == 0 {
		return nil
	}
	leave := map[string]any{"Container": id, "Force": false}
	if err := with.engine.call(ctx, "POST", "/networks/bridge/disconnect", nil, leave, nil); err != nil {
		return fmt.Errorf("leaving the default bridge: %w", err)
	}
	for _, network := range networks {
		address := map[string]any{"IPv4Address": network.Address.ValueString()}
		join := map[string]any{"Container": id, "EndpointConfig": map[string]any{"IPAMConfig": address}}
		path := "/networks/" + url.PathEscape(network.Name.ValueString()) + "/connect"
		if err := with.engine.call(ctx, "POST", path, nil, join, nil); err != nil {
			return fmt.Errorf("joining %s: %w", network.Name.ValueString(), err)
		}
	}
	return nil
}

func (with *containerResource) untilHealthy(ctx context.Context, id string, limit time.Duration) error {
	end := time.Now().Add(limit)
	for {
		seen, err := with.look(ctx, id)
		switch {
		case err != nil:
			return err
		case seen.State.Health == nil:
			return fmt.Errorf("wait: the container has no health check")
		case seen.State.Health.Status == "healthy":
			return nil
		case time.Now().After(end):
			return fmt.Errorf("not healthy within %s: %s", limit, seen.lastWords())
		}
		time.Sleep(lookEvery)
	}
}

func (with *containerResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model containerModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	seen, err := with.look(ctx, model.ID.ValueString())
	if isMissing(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("the container "+model.Name.ValueString()+" cannot be read", err.Error())
		return
	}
	if !seen.State.Running && model.MustRun.ValueBool() {
		// One that should run and does not is made anew, as the real provider does.
		if err := with.remove(ctx, seen.ID, 0); err != nil {
			response.Diagnostics.AddError("the container "+model.Name.ValueString()+" was not removed", err.Error())
			return
		}
		response.State.RemoveResource(ctx)
		return
	}
	seen.fill(&model)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *containerResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model containerModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	body := map[string]any{
		"RestartPolicy": map[string]any{"Name": model.Restart.ValueString()},
		"Memory":        model.Memory.ValueInt64() * mebibyte,
		"MemorySwap":    swapBytes(model.MemorySwap),
	}
	path := "/containers/" + model.ID.ValueString() + "/update"
	if err := with.engine.call(ctx, "POST", path, nil, body, nil); err != nil {
		response.Diagnostics.AddError("the container "+model.Name.ValueString()+" was not changed", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *containerResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model containerModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	err := with.remove(ctx, model.ID.ValueString(), model.DestroyGraceSeconds.ValueInt64())
	if err != nil {
		response.Diagnostics.AddError("the container "+model.Name.ValueString()+" was not removed", err.Error())
	}
}

// remove stops it first where it is given time for that; anonymous volumes go with it.
func (with *containerResource) remove(ctx context.Context, id string, graceSeconds int64) error {
	if graceSeconds > 0 {
		grace := url.Values{"t": {strconv.FormatInt(graceSeconds, 10)}}
		err := with.engine.call(ctx, "POST", "/containers/"+id+"/stop", grace, nil, nil)
		if err != nil && !isMissing(err) {
			return err
		}
	}
	with.leaveNetworks(ctx, id)
	err := with.engine.call(ctx, "DELETE", "/containers/"+id, url.Values{"v": {"1"}, "force": {"1"}}, nil, nil)
	if isMissing(err) {
		return nil
	}
	return err
}

// leaveNetworks gives back the addresses before the container goes: engine 20.10 was seen to refuse a network's removal
// for the endpoint of a container that was gone.
func (with *containerResource) leaveNetworks(ctx context.Context, id string) {
	seen, err := with.look(ctx, id)
	if err != nil {
		return
	}
	for name := range seen.NetworkSettings.Networks {
		leave := map[string]any{"Container": id, "Force": true}
		// What cannot be left goes with the container, or is told when its address is wanted.
		_ = with.engine.call(ctx, "POST", "/networks/"+url.PathEscape(name)+"/disconnect", nil, leave, nil)
	}
}
