// The fields of docker_container that Holdfast's stacks use, each as the real provider has it: what it fills in when it is
// left out, and what makes the container anew when it changes.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	listAnew = []planmodifier.List{listplanmodifier.RequiresReplace()}
	setAnew  = []planmodifier.Set{setplanmodifier.RequiresReplace()}
	mapAnew  = []planmodifier.Map{mapplanmodifier.RequiresReplace()}
)

func (*containerResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: containerAttributes(), Blocks: containerBlocks()}
}

func containerAttributes() map[string]schema.Attribute {
	text := schema.StringAttribute{Optional: true, PlanModifiers: anew}
	texts := types.StringType
	number := schema.Int64Attribute{Optional: true}
	return map[string]schema.Attribute{
		"id":   idAttribute(),
		"name": schema.StringAttribute{Required: true, PlanModifiers: anew},
		// By its own id: after a refresh the real provider knows nothing else, and would make the container anew.
		"image":         schema.StringAttribute{Required: true, PlanModifiers: anew},
		"hostname":      filledText(),
		"user":          text,
		"cpus":          text,
		"command":       filledList(),
		"entrypoint":    filledList(),
		"env":           schema.SetAttribute{Optional: true, ElementType: texts, PlanModifiers: setAnew},
		"security_opts": schema.SetAttribute{Optional: true, ElementType: texts, PlanModifiers: setAnew},
		"tmpfs":         schema.MapAttribute{Optional: true, ElementType: texts, PlanModifiers: mapAnew},
		"log_opts":      schema.MapAttribute{Optional: true, ElementType: texts, PlanModifiers: mapAnew},
		"log_driver":    filledText(),
		"network_mode": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("bridge"), PlanModifiers: anew,
		},
		"read_only": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()},
		},
		"restart":     schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("no")},
		"memory":      number,
		"memory_swap": number,
		"stop_timeout": schema.Int64Attribute{
			Optional: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
		},
		"destroy_grace_seconds": number,
		"start":                 schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
		"must_run":              schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
		"wait":                  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
		"wait_timeout":          schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(60)},
	}
}

// filledText is filled in by the engine where it is left out.
func filledText() schema.Attribute {
	return schema.StringAttribute{
		Optional: true, Computed: true,
		PlanModifiers: []planmodifier.String{
			stringplanmodifier.RequiresReplaceIfConfigured(), stringplanmodifier.UseStateForUnknown(),
		},
	}
}

func filledList() schema.Attribute {
	return schema.ListAttribute{
		Optional: true, Computed: true, ElementType: types.StringType,
		PlanModifiers: []planmodifier.List{
			listplanmodifier.RequiresReplaceIfConfigured(), listplanmodifier.UseStateForUnknown(),
		},
	}
}

func containerBlocks() map[string]schema.Block {
	text := schema.StringAttribute{Optional: true}
	number := schema.Int64Attribute{Optional: true}
	set := func(attributes map[string]schema.Attribute) schema.Block {
		object := schema.NestedBlockObject{Attributes: attributes}
		return schema.SetNestedBlock{NestedObject: object, PlanModifiers: setAnew}
	}
	list := func(attributes map[string]schema.Attribute) schema.Block {
		object := schema.NestedBlockObject{Attributes: attributes}
		return schema.ListNestedBlock{NestedObject: object, PlanModifiers: listAnew}
	}
	return map[string]schema.Block{
		"networks_advanced": set(map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true}, "ipv4_address": text,
		}),
		"ports": list(map[string]schema.Attribute{
			"internal": schema.Int64Attribute{Required: true}, "external": number, "ip": text,
		}),
		"volumes": set(map[string]schema.Attribute{
			"volume_name": text, "host_path": text, "container_path": text,
			"read_only": schema.BoolAttribute{Optional: true},
		}),
		"healthcheck": list(map[string]schema.Attribute{
			"test":     schema.ListAttribute{Required: true, ElementType: types.StringType},
			"interval": text, "timeout": text, "start_period": text, "retries": number,
		}),
		"capabilities": set(map[string]schema.Attribute{
			"drop": schema.SetAttribute{Required: true, ElementType: types.StringType},
		}),
		"labels": labelsBlock(),
	}
}

type containerModel struct {
	ID                  types.String        `tfsdk:"id"`
	Name                types.String        `tfsdk:"name"`
	Image               types.String        `tfsdk:"image"`
	Hostname            types.String        `tfsdk:"hostname"`
	User                types.String        `tfsdk:"user"`
	CPUs                types.String        `tfsdk:"cpus"`
	Command             types.List          `tfsdk:"command"`
	Entrypoint          types.List          `tfsdk:"entrypoint"`
	Env                 types.Set           `tfsdk:"env"`
	SecurityOpts        types.Set           `tfsdk:"security_opts"`
	Tmpfs               types.Map           `tfsdk:"tmpfs"`
	LogOpts             types.Map           `tfsdk:"log_opts"`
	LogDriver           types.String        `tfsdk:"log_driver"`
	NetworkMode         types.String        `tfsdk:"network_mode"`
	ReadOnly            types.Bool          `tfsdk:"read_only"`
	Restart             types.String        `tfsdk:"restart"`
	Memory              types.Int64         `tfsdk:"memory"`
	MemorySwap          types.Int64         `tfsdk:"memory_swap"`
	StopTimeout         types.Int64         `tfsdk:"stop_timeout"`
	DestroyGraceSeconds types.Int64         `tfsdk:"destroy_grace_seconds"`
	Start               types.Bool          `tfsdk:"start"`
	MustRun             types.Bool          `tfsdk:"must_run"`
	Wait                types.Bool          `tfsdk:"wait"`
	WaitTimeout         types.Int64         `tfsdk:"wait_timeout"`
	Networks            []networkUseModel   `tfsdk:"networks_advanced"`
	Ports               []portModel         `tfsdk:"ports"`
	Volumes             []volumeUseModel    `tfsdk:"volumes"`
	Healthcheck         []healthcheckModel  `tfsdk:"healthcheck"`
	Capabilities        []capabilitiesModel `tfsdk:"capabilities"`
	Labels              []labelModel        `tfsdk:"labels"`
}

type networkUseModel struct {
	Name    types.String `tfsdk:"name"`
	Address types.String `tfsdk:"ipv4_address"`
}

type portModel struct {
	Internal types.Int64  `tfsdk:"internal"`
	External types.Int64  `tfsdk:"external"`
	IP       types.String `tfsdk:"ip"`
}

type volumeUseModel struct {
	Volume   types.String `tfsdk:"volume_name"`
	HostPath types.String `tfsdk:"host_path"`
	Path     types.String `tfsdk:"container_path"`
	ReadOnly types.Bool   `tfsdk:"read_only"`
}

type healthcheckModel struct {
	Test        types.List   `tfsdk:"test"`
	Interval    types.String `tfsdk:"interval"`
	Timeout     types.String `tfsdk:"timeout"`
	StartPeriod types.String `tfsdk:"start_period"`
	Retries     types.Int64  `tfsdk:"retries"`
}

type capabilitiesModel struct {
	Drop types.Set `tfsdk:"drop"`
}
